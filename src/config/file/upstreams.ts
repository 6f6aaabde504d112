import { z } from "zod";
import { type ConnectionConfig, connectionSettings, filePath, graphName, graphUrl, toConnection } from "./connection-settings.ts";
import type { YamlProblem } from "./yaml.ts";
import { parseSection } from "./yaml-section.ts";

export interface UpstreamConfig extends ConnectionConfig {
  readonly sdl: { readonly file: string } | { readonly query: "_sdl" | "_service" } | { readonly introspection: true };
}

const example = "upstreams: [{ name: products, url: http://products:4001/graphql, sdl: { file: ./products.graphql } }]";

const sdl = z.union(
  [
    z.strictObject({ file: filePath }),
    z.strictObject({ query: z.enum(["_sdl", "_service"]) }),
    z.strictObject({ introspection: z.literal(true) }),
  ],
  "must be one of { file: PATH }, { query: _sdl }, { query: _service } and { introspection: true }.",
);

const upstreams = z
  .array(
    z.strictObject({ name: graphName, url: graphUrl, sdl, ...connectionSettings }, "must be a mapping with the keys name, url and sdl."),
    "must be a list.",
  )
  .refine((list) => new Set(list.map((each) => each.name)).size === list.length, "has a name twice.")
  .refine(
    (list) => list.every((each) => each.name !== "auth"),
    "has an upstream named auth, which is the name of the graph in this process.",
  );

/** The `upstreams` section. Paths are as written: whoever reads the file knows where it lies. */
export function parseUpstreams(content: unknown): { upstreams: readonly UpstreamConfig[]; problems: YamlProblem[] } {
  const { value = [], problems } = parseSection({ name: "upstreams", content, example }, upstreams);
  return { upstreams: value.map(({ name, url, sdl, ...settings }) => ({ ...toConnection({ name, url }, settings), sdl })), problems };
}
