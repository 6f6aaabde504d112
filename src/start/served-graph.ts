import type { Logger } from "pino";
import type { Auth } from "../auth/auth.ts";
import type { Clock } from "../auth/clock.ts";
import { createSecureRandom } from "../auth/random.ts";
import { createIdentityTokens } from "../auth/tokens/identity-tokens.ts";
import type { Config } from "../config/config.ts";
import { createLiveGraph } from "../gateway/live-graph.ts";
import { type GraphSources, type OpenGraph, type OpenGraphParts, openGraph } from "../gateway/open-graph.ts";
import { createRootLimits } from "../gateway/root-limits.ts";
import { createLimitTable } from "../graphql/limits/limit-table.ts";
import { createOperations, type Operations } from "../graphql/operations.ts";
import type { PublicErrors } from "../graphql/public-errors.ts";
import type { AuthGraph } from "../graphql/schema.ts";
import { type ServedGraph, serveAuthGraph } from "../graphql/served-graph.ts";
import { gatewayFields } from "../graphql/subgraph/entities.ts";
import { chooseDocuments } from "./documents.ts";
import { refuseUnknownLimits } from "./limits.ts";
import { readOperatorsFile } from "./operators-file.ts";
import { watchFile } from "./watch-file.ts";

export interface ServedGraphParts {
  readonly authGraph: AuthGraph;
  readonly auth: Auth;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly publicErrors: PublicErrors;
  observeOperations(operations: Operations): Operations;
}

/** What is served, and what has to be closed afterwards. */
export interface OpenServedGraph {
  readonly graph: ServedGraph;
  close(): Promise<void>;
}

/** The auth graph, together with the graphs that the configuration puts behind it. */
export async function openServedGraph(config: Config, parts: ServedGraphParts): Promise<OpenServedGraph> {
  const { authGraph, publicErrors, observeOperations } = parts;
  const { introspection, trustedDocumentsFile } = config.http;
  const authOperations = createOperations(authGraph, publicErrors);
  const documentsFor = (schema: AuthGraph["schema"]) => chooseDocuments(trustedDocumentsFile, { schema, introspection });
  if (config.upstreams.length === 0 && config.supergraph === undefined && config.access === undefined) {
    refuseUnknownLimits(config.limits, authGraph.schema);
    const documents = documentsFor(authGraph.schema);
    return { graph: serveAuthGraph(authGraph, { documents, operations: observeOperations(authOperations) }), close: async () => undefined };
  }
  const open = opener(config, parts);
  const first = await open();
  refuseUnknownLimits(config.limits, first.composed.access.schema);
  const graph = createLiveGraph(first, {
    createDocuments: documentsFor,
    authOperations,
    publicErrors,
    access: accessOf(config),
    limits: createRootLimits(createLimitTable(new Map(), config.limits), (coordinate) => !authGraph.rootFields.has(coordinate)),
  });
  const stopWatching = config.supergraph && watchFile(config.supergraph.file, () => reload(open, graph.replace, parts.logger));
  return {
    graph: { ...graph, operations: observeOperations(graph.operations) },
    async close() {
      stopWatching?.();
      await graph.close();
    },
  };
}

function accessOf({ access }: Config): GraphSources["access"] {
  return access ?? { default: "public", rules: new Map(), denied: "cut", dryRun: false };
}

/** A supergraph that cannot be served leaves the one before where it is. */
async function reload(open: () => Promise<OpenGraph>, replace: (graph: OpenGraph) => void, logger: Logger): Promise<void> {
  try {
    replace(await open());
    logger.info("the supergraph has changed, and the new one is served");
  } catch (err) {
    logger.error({ err }, "the supergraph has changed, and cannot be served: the one before stays");
  }
}

function opener(config: Config, { authGraph, auth, clock, logger, publicErrors }: ServedGraphParts): () => Promise<OpenGraph> {
  const parts: OpenGraphParts = {
    auth: { ...authGraph, gatewayFields },
    publicErrors,
    createIdentityTokens: () =>
      createIdentityTokens({ keys: auth.signingKeys, clock, random: createSecureRandom() }, { issuer: config.tokens.issuer }),
    readFile: (path) => readOperatorsFile("gateway.yaml", path),
    onFailure: (upstream, err, requestId) => logger.warn({ upstream, err, requestId }, "a graph behind the gateway gave no answer"),
  };
  return () => openGraph({ upstreams: config.upstreams, supergraph: supergraphOf(config), access: accessOf(config) }, parts);
}

function supergraphOf({ supergraph }: Config): GraphSources["supergraph"] {
  if (supergraph === undefined) return undefined;
  return { ...supergraph, sdl: readOperatorsFile("gateway.yaml", supergraph.file) };
}
