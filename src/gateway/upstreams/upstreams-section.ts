import { z } from "zod";
import { filePath, mapping } from "../../config/values/schemas.ts";
import type { Section, Surroundings } from "../../config/values/section.ts";
import { connectionSettings, graphName, graphUrl, toConnection } from "./connection-section.ts";
import type { UpstreamOptions } from "./upstream-options.ts";

const sdlProblem = "must be one of { file: PATH }, { query: _sdl }, { query: _service } and { introspection: true }.";

function sdl(surroundings: Surroundings) {
  return z.union(
    [
      mapping({ file: filePath(surroundings).describe("A file with the SDL, relative to this one.") }, sdlProblem),
      mapping({ query: z.enum(["_sdl", "_service"], sdlProblem).describe("The root field that answers the SDL.") }, sdlProblem),
      mapping(
        { introspection: z.literal(true, sdlProblem).describe("Carries no directives: section access alone guards the graph.") },
        sdlProblem,
      ),
    ],
    sdlProblem,
  );
}

function upstream(surroundings: Surroundings) {
  return mapping(
    {
      name: graphName.describe("What the graph is called: in metrics, in the log, and as the audience of its tokens."),
      url: graphUrl.describe("Where it answers GraphQL over HTTP."),
      sdl: sdl(surroundings).describe("Where its SDL comes from, with the directives applied."),
      ...connectionSettings,
    },
    "must be a mapping with the keys name, url and sdl.",
  ).transform(({ name, url, sdl: source, ...settings }): UpstreamOptions => ({ ...toConnection({ name, url }, settings), sdl: source }));
}

export const upstreamsSection = {
  example: "upstreams: [{ name: products, url: http://products:4001/graphql, sdl: { file: ./products.graphql } }]",
  schema: (surroundings: Surroundings) =>
    z
      .array(upstream(surroundings), "must be a list.")
      .refine((list) => new Set(list.map((each) => each.name)).size === list.length, "has a name twice.")
      .refine(
        (list) => list.every((each) => each.name !== "auth"),
        "has an upstream named auth, which is the name of the graph in this process.",
      )
      .prefault([])
      .describe("Graphs behind the gateway, made one with the auth graph. See docs/guides/gateway.md."),
} satisfies Section;
