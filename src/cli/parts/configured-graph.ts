import { parseFileAlone } from "../../config/config.ts";
import { loadEnvFile } from "../../config/environment/env-file.ts";
import { readConfigFile } from "../../config/file/config-file.ts";
import type { FileSections } from "../../config/file/sections.ts";
import type { ExplainedGraph } from "../../graphql/explain-operation.ts";

export interface ConfiguredGraph {
  readonly graph: ExplainedGraph;
  readonly roles: FileSections["roles"];
}

/**
 * What the gateway.yaml that a server in this folder would find has guarded. No other variable than the one that names the file has to be
 * set.
 */
export async function readConfiguredGraph(): Promise<ConfiguredGraph> {
  loadEnvFile(process.env, process.cwd());
  const sections = parseFileAlone(process.env, readConfigFile(process.env, process.cwd()));
  // What composes graphs takes half a second to load: the other commands do not wait for it.
  const { readExplainedGraph } = await import("../../start/graphs/explained-graph.ts");
  return { graph: await readExplainedGraph(sections), roles: sections.roles };
}
