import { assertCompositionSuccess, composeServices } from "@theguild/federation-composition";
import { type DocumentNode, parse } from "graphql";
import { StartupError } from "../../core/errors.ts";

export interface SubgraphSdl {
  readonly name: string;
  readonly url: string;
  readonly sdl: DocumentNode;
}

/** The supergraph of Federation subgraphs. Throws a StartupError with everything that does not fit together. */
export function composeSubgraphs(subgraphs: readonly SubgraphSdl[]): DocumentNode {
  const result = composeServices(subgraphs.map(({ name, url, sdl }) => ({ name, url, typeDefs: sdl })));
  if (result.errors !== undefined) {
    const problems = result.errors.map(({ message }) => `- ${message}`).join("\n");
    throw new StartupError(`The subgraphs do not compose:\n${problems}`);
  }
  assertCompositionSuccess(result);
  return parse(result.supergraphSdl);
}
