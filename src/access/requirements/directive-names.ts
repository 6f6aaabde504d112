import { type DocumentNode, Kind, print } from "graphql";
import type { Report } from "./requirement-table.ts";
import type { AccessDirective } from "./requirements.ts";
import { readSchemaLinks, type SchemaLink } from "./schema-links.ts";

/** The meaning of a directive's name. `policy` is known so that it can be refused: ignoring it would open what it guards. */
export type DirectiveMeaning = AccessDirective | "policy";

export interface DirectiveNames {
  meaningOf(directiveName: string): DirectiveMeaning | undefined;
  /** A name that is understood nowhere but can only be a slip: it guards nothing, though its author thinks so. */
  isSuspicious(directiveName: string): boolean;
}

const meanings: readonly DirectiveMeaning[] = ["authenticated", "requiresScopes", "hasRole", "policy"];
const federationMeanings: readonly DirectiveMeaning[] = ["authenticated", "requiresScopes", "policy"];
const nearMisses = new Set(["authenticated", "authenticate", "requiresscope", "requirescope", "hasrole", "policy"]);

/** Which names this SDL gives to the access directives: bare, namespaced, and renamed by an import. */
export function readDirectiveNames(sdl: DocumentNode, report: Report): DirectiveNames {
  const links = readSchemaLinks(sdl, (directive, problem) => report(`schema: ${print(directive)}: ${problem}`));
  const known = linkedNames(links, (problem) => report(`schema: ${problem}`));
  const defined = new Set(sdl.definitions.flatMap((node) => (node.kind === Kind.DIRECTIVE_DEFINITION ? [node.name.value] : [])));
  return {
    meaningOf: (name) => known.get(name),
    // An SDL may define a directive of its own that only sounds alike; with a namespace it is somebody's access directive.
    isSuspicious: (name) => !known.has(name) && (!defined.has(name) || name.includes("__")) && looksLikeAccess(name),
  };
}

function linkedNames(links: readonly SchemaLink[], report: Report): Map<string, DirectiveMeaning> {
  const known = new Map<string, DirectiveMeaning>(meanings.map((meaning) => [meaning, meaning]));
  for (const meaning of federationMeanings) known.set(`federation__${meaning}`, meaning);
  for (const [name, meaning] of links.flatMap((link) => [...namespacedNames(link), ...importedNames(link, report)])) {
    const other = known.get(name);
    if (other !== undefined && other !== meaning) report(`\`@${name}\` would mean both \`@${other}\` and \`@${meaning}\``);
    known.set(name, meaning);
  }
  return known;
}

type NameEntry = readonly [name: string, meaning: DirectiveMeaning];

/** Names that a link brings in without importing them. */
function namespacedNames({ apolloSpec, namespace }: SchemaLink): NameEntry[] {
  if (namespace === undefined) return [];
  // Supergraphs link each directive as a specification of its own, whose namespace is then the directive's name.
  const ownSpec = federationMeanings.find((meaning) => meaning === apolloSpec);
  if (ownSpec !== undefined) return [[namespace, ownSpec]];
  const elements = apolloSpec === undefined ? meanings : federationMeanings;
  return elements.map((meaning) => [`${namespace}__${meaning}`, meaning]);
}

function importedNames({ apolloSpec, imports }: SchemaLink, report: Report): NameEntry[] {
  return imports.flatMap(({ name, alias }): NameEntry[] => {
    const meaning = bareMeaning(name);
    const isFederations = meaning === undefined ? !looksLikeAccess(name) : federationMeanings.includes(meaning);
    if (apolloSpec === "federation" && !isFederations) report(`federation has no \`${name}\` to import`);
    if (bareMeaning(alias) !== undefined && alias !== name) report(`\`${name}\` must not be imported under the name \`${alias}\``);
    return meaning === undefined ? [] : [[alias.slice(1), meaning]];
  });
}

function bareMeaning(name: string): DirectiveMeaning | undefined {
  return meanings.find((meaning) => `@${meaning}` === name);
}

/** Case, plural, underscores and namespace apart. `Policy` is a scalar of federation's. */
function looksLikeAccess(name: string): boolean {
  if (name === "Policy") return false;
  const bare = name.replace(/^@/, "").replace(/^.*__/, "");
  return nearMisses.has(bare.toLowerCase().replaceAll("_", "").replace(/s$/, ""));
}
