import { z } from "zod";
import { filePath, mapping, mappingFrom, mappingProblem } from "../../config/values/schemas.ts";
import type { Section, Surroundings } from "../../config/values/section.ts";
import { connectionSettings, graphName, graphUrl, toConnection } from "../upstreams/connection-section.ts";
import type { ConnectionOptions } from "../upstreams/upstream-options.ts";

const subgraph = mapping(
  { url: graphUrl.optional().describe("Where it answers, if not where the supergraph says."), ...connectionSettings },
  mappingProblem,
);
const byDefault = subgraph.parse(new Map());

export const supergraphSection = {
  example: "supergraph: { file: ./supergraph.graphql, subgraphs: { products: { headers: [accept-language] } } }",
  schema: (surroundings: Surroundings) =>
    mapping(
      {
        file: filePath(surroundings).describe("What your composition writes, relative to this file. A new one is taken without a restart."),
        authSubgraph: graphName.prefault("auth").describe("The subgraph that is the auth graph of this process."),
        subgraphs: mappingFrom(z.string(), subgraph, "must be a mapping from names of subgraphs.")
          .prefault(() => new Map())
          .describe("What the supergraph does not say of its subgraphs, by name."),
      },
      "must be a mapping with the key file.",
    )
      .transform(({ file, authSubgraph, subgraphs }) => ({
        file,
        authSubgraph,
        /** The subgraphs that more is said of than the supergraph itself does. */
        named: [...subgraphs.keys()],
        /** How a subgraph is called that the supergraph names and gives an address. */
        connectionOf({ name, url }: { readonly name: string; readonly url: string }): ConnectionOptions {
          const { url: written, ...settings } = subgraphs.get(name) ?? byDefault;
          return toConnection({ name, url: written ?? url }, settings);
        },
      }))
      .optional()
      .describe("A supergraph that was composed elsewhere, instead of upstreams. See docs/guides/gateway.md."),
} satisfies Section;
