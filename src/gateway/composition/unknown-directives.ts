import { type DocumentNode, Kind, specifiedDirectives } from "graphql";
import { listAppliedDirectives } from "../../access/requirements/applied-directives.ts";
import { RequirementsError } from "../../access/requirements/requirement-table.ts";
import { readSchemaLinks } from "../../access/requirements/schema-links.ts";

/** The directives that SDLs use without defining them: Federation 1 and 2, supergraphs, @graphql-tools/stitching-directives, and ours. */
const wellKnown: ReadonlySet<string> = new Set([
  ...specifiedDirectives.map(({ name }) => name),
  ...["link", "core", "key", "requires", "provides", "external", "extends", "shareable", "inaccessible", "override", "tag"],
  ...["interfaceObject", "composeDirective", "context", "fromContext", "cost", "listSize", "cacheControl"],
  ...["merge", "computed", "canonical"],
  ...["authenticated", "requiresScopes", "policy", "hasRole", "rateLimit"],
]);

/**
 * A directive that an SDL neither defines nor links may be a guard whose name has a slip in it, and would guard nothing. Throws a
 * RequirementsError that lists them all.
 */
export function refuseUnknownDirectives(sdl: DocumentNode): void {
  const defined = sdl.definitions.flatMap((node) => (node.kind === Kind.DIRECTIVE_DEFINITION ? [node.name.value] : []));
  const links = readSchemaLinks(sdl, () => undefined);
  const imported = links.flatMap(({ imports }) => imports.map(({ alias }) => alias.replace(/^@/, "")));
  const known = new Set([...wellKnown, ...defined, ...imported]);
  const namespaces = new Set(["federation", "link", "join", "core", ...links.flatMap(({ namespace }) => namespace ?? [])]);
  const isKnown = (name: string) => known.has(name) || namespaces.has(name) || namespaces.has(name.split("__")[0] ?? "");
  const unknown = listAppliedDirectives(sdl).filter(({ directive }) => !isKnown(directive.name.value));
  const problems = unknown.map(
    ({ coordinate, directive }) => `${coordinate}: @${directive.name.value} is neither defined nor imported in this SDL`,
  );
  if (problems.length > 0) throw new RequirementsError(problems);
}
