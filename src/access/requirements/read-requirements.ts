import { type DocumentNode, print } from "graphql";
import { type AppliedDirective, listAppliedDirectives } from "./applied-directives.ts";
import { readRequirement } from "./directive-arguments.ts";
import { type DirectiveNames, readDirectiveNames } from "./directive-names.ts";
import { type Report, RequirementsError, type RequirementTable } from "./requirement-table.ts";
import { combine, type Requirement } from "./requirements.ts";

/**
 * Reads the access requirements of one SDL, before anything merges or transforms it: introspection and stitched schemas lose them.
 * Understands `extend`, federation's `@link` with renamed imports and namespaces, and the bare names always. A requirement
 * on `extend type Query` is one of the type `Query` as this SDL knows it: never apply it to another SDL's root fields.
 *
 * Throws one RequirementsError that lists everything it could not read.
 */
export function readRequirements(sdl: DocumentNode): RequirementTable {
  const problems: string[] = [];
  const names = readDirectiveNames(sdl, (problem) => problems.push(problem));
  const table = { types: new Map<string, Requirement>(), fields: new Map<string, Requirement>() };
  for (const applied of listAppliedDirectives(sdl)) {
    const report: Report = (problem) => problems.push(`${applied.coordinate}: ${print(applied.directive)} ${problem}`);
    const known = problems.length;
    const requirement = readApplied(applied, names, report);
    if (requirement === undefined || problems.length > known) continue;
    try {
      addTo(applied.location === "field" ? table.fields : table.types, applied.coordinate, requirement);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      report(error.message);
    }
  }
  if (problems.length > 0) throw new RequirementsError(problems);
  return table;
}

/** Reads the requirement that this directive states; undefined if it is none of ours. */
function readApplied({ directive, location }: AppliedDirective, names: DirectiveNames, report: Report): Requirement | undefined {
  const name = directive.name.value;
  const meaning = names.meaningOf(name);
  if (names.isSuspicious(name)) report("is not a directive that this graph knows, and would guard nothing");
  if (meaning === undefined) return undefined;
  if (typeof location === "object") report(`cannot stand on ${location.forbidden}`);
  if (meaning !== "policy") return readRequirement(meaning, directive, report);
  report("is not supported yet: use `@requiresScopes` or `@hasRole`");
  return undefined;
}

function addTo(requirements: Map<string, Requirement>, coordinate: string, requirement: Requirement): void {
  const known = requirements.get(coordinate);
  requirements.set(coordinate, known === undefined ? requirement : combine(known, requirement));
}
