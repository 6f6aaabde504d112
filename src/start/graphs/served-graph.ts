import type { Logger } from "pino";
import type { Auth } from "../../auth/auth.ts";
import { createIdentityTokens } from "../../auth/tokens/identity-tokens.ts";
import type { Config } from "../../config/config.ts";
import type { Clock } from "../../core/clock.ts";
import { createSecureRandom } from "../../core/random.ts";
import type { OpenComposedGraph, OpenComposedGraphParts } from "../../gateway/composition/open-composed-graph.ts";
import { createRootLimits } from "../../gateway/root-limits.ts";
import { serveComposedGraph } from "../../gateway/serve-composed-graph.ts";
import type { Upstream } from "../../gateway/upstreams/upstream.ts";
import { createAccessExplainer } from "../../graphql/access-explainer.ts";
import type { ExplainedGraph } from "../../graphql/explain-operation.ts";
import { createLimitTable } from "../../graphql/limits/limit-table.ts";
import { createOperations, type Operations } from "../../graphql/operations.ts";
import type { PublicErrors } from "../../graphql/public-errors.ts";
import type { AuthGraph } from "../../graphql/schema.ts";
import { type ServedGraph, serveAuthGraph } from "../../graphql/served-graph.ts";
import { gatewayFields } from "../../graphql/subgraph/entities.ts";
import { readOperatorsFile } from "../files/operators-file.ts";
import { watchFile } from "../files/watch-file.ts";
import { refuseUnknownLimits } from "../limits.ts";
import { createOutages, type OutageParts } from "../upkeep/outage-log.ts";
import { chooseDocuments } from "./documents.ts";
import { explainedAuthGraph } from "./explained-graph.ts";
import { accessOf, isAuthGraphAlone, readGraphSources } from "./graph-sources.ts";

export interface ServedGraphParts {
  readonly authGraph: AuthGraph;
  readonly auth: Auth;
  readonly clock: Clock;
  readonly limitFactor: number;
  readonly logger: Logger;
  readonly outages: OutageParts;
  readonly publicErrors: PublicErrors;
  observeOperations(operations: Operations): Operations;
  observeUpstream(upstream: Upstream): Upstream;
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
  const explainerFor = (graph: ExplainedGraph) => createAccessExplainer(graph, { introspection, roles: config.roles });
  if (isAuthGraphAlone(config)) {
    refuseUnknownLimits(config.limits, authGraph.schema);
    const documents = documentsFor(authGraph.schema);
    const explainAccess = explainerFor(explainedAuthGraph(authGraph));
    const graph = serveAuthGraph(authGraph, { documents, explainAccess, operations: observeOperations(authOperations) });
    return { graph, close: async () => undefined };
  }
  const open = await opener(config, parts);
  const first = await open();
  refuseUnknownLimits(config.limits, first.composed.access.schema);
  const graph = serveComposedGraph(first, {
    createDocuments: documentsFor,
    createExplainer: explainerFor,
    authOperations,
    publicErrors,
    access: accessOf(config),
    limits: createRootLimits(
      createLimitTable(new Map(), config.limits, parts.limitFactor),
      (coordinate) => !authGraph.rootFields.has(coordinate),
    ),
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

/** A supergraph that cannot be served leaves the one before where it is. */
async function reload(open: () => Promise<OpenComposedGraph>, replace: (graph: OpenComposedGraph) => void, logger: Logger): Promise<void> {
  try {
    replace(await open());
    logger.info("the supergraph has changed, and the new one is served");
  } catch (err) {
    logger.error({ err }, "the supergraph has changed, and cannot be served: the one before stays");
  }
}

/** What stitches graphs is loaded where there are some, and nowhere else: that is a third of what a start costs. */
async function opener(
  config: Config,
  { authGraph, auth, clock, outages, publicErrors, observeUpstream }: ServedGraphParts,
): Promise<() => Promise<OpenComposedGraph>> {
  const { openComposedGraph } = await import("../../gateway/composition/open-composed-graph.ts");
  const words = { away: "a graph behind the gateway gave no answer", back: "a graph behind the gateway answers again" };
  const outageOf = createOutages("upstream", words, outages);
  const refusals = {
    away: "a graph behind the gateway does not fit its SDL: it refuses operations that do",
    back: "a graph behind the gateway has refused nothing that fits its SDL for a while",
  };
  const misfitOf = createOutages("upstream", refusals, outages);
  const parts: OpenComposedGraphParts = {
    auth: { ...authGraph, gatewayFields },
    publicErrors,
    observeUpstream,
    createIdentityTokens: () =>
      createIdentityTokens({ keys: auth.signingKeys, clock, random: createSecureRandom() }, { issuer: config.tokens.issuer }),
    readFile: (path) => readOperatorsFile("gateway.yaml", path),
    onFailure: (upstream, error, requestId) => outageOf(upstream).failed(error, { requestId }),
    onAnswer(upstream) {
      outageOf(upstream).worked();
      misfitOf(upstream).worked();
    },
    onMisfit: (upstream, problem, requestId) => misfitOf(upstream).failed(new Error(problem), { requestId }),
  };
  return () => openComposedGraph(readGraphSources(config), parts);
}
