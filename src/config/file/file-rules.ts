import type { FileSections } from "./sections.ts";
import { sections } from "./sections.ts";
import type { YamlProblem } from "./yaml.ts";

/** What the sections must be to each other. */
export function findConflicts(file: FileSections): YamlProblem[] {
  return [...twoKindsOfGraphs(file), ...strayClaims(file)];
}

function twoKindsOfGraphs({ upstreams, supergraph }: FileSections): YamlProblem[] {
  if (supergraph === undefined || upstreams.length === 0) return [];
  const problem = "stands beside upstreams: a supergraph's subgraphs are all of its graphs, so choose one of the two.";
  return [{ at: "supergraph", problem, example: "supergraph: { file: ./supergraph.graphql }" }];
}

/** Only the hook `claims` can add others. */
function strayClaims({ upstreams, supergraph, hooks }: FileSections): YamlProblem[] {
  if (hooks !== undefined) return [];
  const problem = "has claims other than email, which only a module of hooks can add to access tokens.";
  const subgraphs = supergraph?.named.map((name) => supergraph.connectionOf({ name, url: "" })) ?? [];
  const places = [
    ...upstreams.map(({ identity }, index) => ({ at: `upstreams[${index}].identity`, identity })),
    ...subgraphs.map(({ name, identity }) => ({ at: `supergraph.subgraphs.${name}.identity`, identity })),
  ];
  const strays = places.filter(({ identity }) => identity?.claims.some((claim) => claim !== "email"));
  return strays.map(({ at }) => ({ at, problem, example: sections.hooks.example }));
}
