import { concatAST, type DefinitionNode, type DocumentNode, Kind, parse, print } from "graphql";
import { batchFields } from "./entities.ts";
import { foldExtensions } from "./fold-extensions.ts";

/** A name, which nobody fetches: it keeps `@hasRole` in supergraphs, and apart from other directives of that name. */
const ACCESS_SPECIFICATION = "https://graphql-auth-gateway.example/access/v1.0";

const links = `
extend schema
  @link(
    url: "https://specs.apollo.dev/federation/v2.6"
    import: ["@key", "@shareable", "@composeDirective", "@authenticated", "@requiresScopes", "@policy"]
  )
  @link(url: "${ACCESS_SPECIFICATION}", import: ["@hasRole"])
  @composeDirective(name: "@hasRole")
`;

/** A page is a page in every graph. */
const sharedTypes = ["PageInfo"];

const extensions = [
  ...[...batchFields.keys()].map((type) => `extend type ${type} @key(fields: "id")`),
  ...sharedTypes.map((type) => `extend type ${type} @shareable`),
].join("\n");

/** Brought in by the link, with a scalar of federation's own. */
const linked: ReadonlySet<string> = new Set(["authenticated", "requiresScopes", "Scope"]);

/**
 * The graph's SDL as Apollo Federation 2 composes it, without the fields that make it a subgraph
 * (https://www.apollographql.com/docs/graphos/schema-design/federated-schemas/reference/subgraph-spec).
 */
export function toFederationSdl(sdl: DocumentNode): string {
  const own: DocumentNode = { ...sdl, definitions: sdl.definitions.filter((definition) => !isLinked(definition)) };
  return `${print(foldExtensions(concatAST([parse(links), own, parse(extensions)])))}\n`;
}

function isLinked(definition: DefinitionNode): boolean {
  const isNamed = definition.kind === Kind.DIRECTIVE_DEFINITION || definition.kind === Kind.SCALAR_TYPE_DEFINITION;
  return isNamed && linked.has(definition.name.value);
}
