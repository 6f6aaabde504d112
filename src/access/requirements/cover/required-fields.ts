import { type ConstDirectiveNode, type DocumentNode, Kind, parse, type SelectionSetNode } from "graphql";
import { listAppliedDirectives } from "../applied-directives.ts";
import { RequirementsError } from "../requirement-table.ts";
import { readSchemaLinks, type SchemaLink } from "../schema-links.ts";

/** The field sets that a field pulls to be answered, by its coordinate. One field may pull from several subgraphs. */
export type RequiredFields = ReadonlyMap<string, readonly SelectionSetNode[]>;

/**
 * Reads federation's `@requires(fields:)`, a supergraph's `@join__field(requires:)` and stitching's `@computed(selectionSet:)`, renamed
 * or not. Throws one RequirementsError that lists every field set which is none.
 */
export function readRequiredFields(sdl: DocumentNode): RequiredFields {
  const names = readPullingDirectives(readSchemaLinks(sdl, () => undefined));
  const required = new Map<string, SelectionSetNode[]>();
  const problems: string[] = [];
  for (const { directive, coordinate, location } of listAppliedDirectives(sdl)) {
    const argument = names.get(directive.name.value);
    if (argument === undefined || location !== "field") continue;
    try {
      const fieldSet = readFieldSet(directive, argument);
      if (fieldSet !== undefined) required.set(coordinate, [...(required.get(coordinate) ?? []), fieldSet]);
    } catch {
      problems.push(`${coordinate}: @${directive.name.value} has a field set that cannot be read`);
    }
  }
  if (problems.length > 0) throw new RequirementsError(problems);
  return required;
}

/** The argument that holds a field set, by the directive's name. */
function readPullingDirectives(links: readonly SchemaLink[]): ReadonlyMap<string, string> {
  const names = new Map([
    ["requires", "fields"],
    ["federation__requires", "fields"],
    ["computed", "selectionSet"],
    ["join__field", "requires"],
  ]);
  for (const { apolloSpec, namespace, imports } of links) {
    if (apolloSpec === "federation" && namespace !== undefined) names.set(`${namespace}__requires`, "fields");
    if (apolloSpec === "join" && namespace !== undefined) names.set(`${namespace}__field`, "requires");
    const renamed = apolloSpec === "federation" ? imports.filter(({ name }) => name === "@requires") : [];
    for (const { alias } of renamed) names.set(alias.slice(1), "fields");
  }
  return names;
}

function readFieldSet(directive: ConstDirectiveNode, argument: string): SelectionSetNode | undefined {
  const value = directive.arguments?.find(({ name }) => name.value === argument)?.value;
  if (value?.kind !== Kind.STRING) return undefined;
  const text = value.value.trim();
  const { definitions } = parse(text.startsWith("{") ? text : `{ ${text} }`, { noLocation: true });
  const [first] = definitions;
  return first?.kind === Kind.OPERATION_DEFINITION ? first.selectionSet : undefined;
}
