import { z } from "zod";
import { type ConnectionConfig, connectionSettings, filePath, graphName, graphUrl, toConnection } from "./connection-settings.ts";
import type { YamlProblem } from "./yaml.ts";
import { parseSection } from "./yaml-section.ts";

export interface SupergraphConfig {
  readonly file: string;
  /** The subgraph that is the auth graph of this process. */
  readonly authSubgraph: string;
  /** The subgraphs that more is said of than the supergraph itself does. */
  readonly named: readonly string[];
  /** How a subgraph is called that the supergraph names and gives an address. */
  connectionOf(subgraph: { readonly name: string; readonly url: string }): ConnectionConfig;
}

const example = "supergraph: { file: ./supergraph.graphql, subgraphs: { products: { headers: [accept-language] } } }";

const settings = z.strictObject({ url: graphUrl.optional(), ...connectionSettings }, "must be a mapping.");

const supergraph = z.strictObject(
  {
    file: filePath,
    authSubgraph: graphName.default("auth"),
    subgraphs: z.record(z.string(), settings, "must be a mapping from names of subgraphs.").default({}),
  },
  "must be a mapping with the key file.",
);

/** The `supergraph` section. */
export function parseSupergraph(content: unknown): { supergraph: SupergraphConfig | undefined; problems: YamlProblem[] } {
  const { value, problems } = parseSection({ name: "supergraph", content, example }, supergraph);
  if (value === undefined) return { supergraph: undefined, problems };
  const subgraphs = new Map(Object.entries(value.subgraphs));
  const byDefault = settings.parse({});
  return {
    supergraph: {
      file: value.file,
      authSubgraph: value.authSubgraph,
      named: [...subgraphs.keys()],
      connectionOf({ name, url }) {
        const { url: written, ...rest } = subgraphs.get(name) ?? byDefault;
        return toConnection({ name, url: written ?? url }, rest);
      },
    },
    problems,
  };
}
