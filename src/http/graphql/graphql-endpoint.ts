import { ApolloServer } from "@apollo/server";
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginInlineTraceDisabled,
  ApolloServerPluginLandingPageDisabled,
} from "@apollo/server/plugin/disabled";
import { ApolloServerPluginLandingPageLocalDefault } from "@apollo/server/plugin/landingPage/default";
import { fastifyApolloHandler } from "@as-integrations/fastify";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Logger } from "pino";
import type { Auth } from "../../auth/auth.ts";
import { viewerOnAuthGraph } from "../../auth/tokens/callers.ts";
import type { Clock } from "../../core/clock.ts";
import type { RequestContext } from "../../graphql/context.ts";
import { createExecutor } from "../../graphql/executor.ts";
import { Loaders } from "../../graphql/loaders.ts";
import type { PublicErrors } from "../../graphql/public-errors.ts";
import type { ServedGraph } from "../../graphql/served-graph.ts";
import type { ClientAddressOf } from "../client-address.ts";
import { clientInfoOf } from "../client-info.ts";
import type { ReadAccept } from "./answer-types.ts";
import { documentsPlugin, textCache } from "./apollo-documents.ts";
import { readBearerToken } from "./bearer-token.ts";
import { createDirectLane } from "./direct-lane.ts";
import type { CreateRefreshTokens } from "./refresh-token-carriers.ts";
import { retryAfterPlugin } from "./retry-after.ts";

export interface GraphqlEndpointParts {
  readonly graph: ServedGraph;
  readonly auth: Auth;
  readonly clock: Clock;
  readonly publicErrors: PublicErrors;
  readonly createRefreshTokens: CreateRefreshTokens;
  readonly logger: Logger;
}

/** `POST` and `GET /graphql`; a browser that opens it outside production gets Apollo Sandbox. */
export async function serveGraphql(
  app: FastifyInstance,
  parts: GraphqlEndpointParts,
  options: { introspection: boolean; landingPage: boolean; clientAddressOf: ClientAddressOf; readAccept: ReadAccept },
): Promise<void> {
  const server = createApolloServer(parts, options);
  await server.start();
  const createContext = contextFactory(parts, options.clientAddressOf);
  const answerByApollo = fastifyApolloHandler(server, { context: createContext });
  const answerDirectly = createDirectLane({ ...parts, ...parts.graph, createContext, readAccept: options.readAccept });
  app.route({
    method: ["GET", "POST"],
    url: "/graphql",
    handler(request, reply) {
      const answer = answerDirectly(request) ?? answerByApollo;
      return answer.call(this, request, reply);
    },
  });
  // Fastify waits for the requests under way first, so Apollo Server has nothing left to drain.
  app.addHook("onClose", () => server.stop());
}

function createApolloServer(
  { graph, publicErrors, logger }: GraphqlEndpointParts,
  options: { introspection: boolean; landingPage: boolean },
): ApolloServer<RequestContext> {
  return new ApolloServer<RequestContext>({
    gateway: createExecutor(graph),
    introspection: options.introspection,
    hideSchemaDetailsFromClientErrors: !options.introspection,
    documentStore: null,
    persistedQueries: { cache: textCache(graph.documents.texts) },
    csrfPrevention: true,
    includeStacktraceInErrorResponses: false,
    stopOnTerminationSignals: false,
    formatError: publicErrors.ofServer,
    logger,
    plugins: [
      documentsPlugin(graph.documents, publicErrors),
      retryAfterPlugin,
      // Nothing here is cacheable by others, and working that out costs a tenth of the throughput.
      ApolloServerPluginCacheControlDisabled(),
      // Apollo Server would otherwise tell anybody who sends `apollo-federation-include-trace: ftv1` how the graph was answered.
      ApolloServerPluginInlineTraceDisabled(),
      options.landingPage
        ? ApolloServerPluginLandingPageLocalDefault({ embed: true, includeCookies: true, footer: false })
        : ApolloServerPluginLandingPageDisabled(),
    ],
  });
}

/** A fresh object for each request, with the token decoded once. */
function contextFactory({ graph, auth, clock, createRefreshTokens }: GraphqlEndpointParts, clientAddressOf: ClientAddressOf) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<RequestContext> => {
    const accessToken = readBearerToken(request.headers.authorization);
    const caller = await auth.callers.identify(accessToken);
    return {
      auth,
      clock,
      requestId: request.id,
      viewer: viewerOnAuthGraph(caller),
      caller,
      accessToken,
      client: { ...clientInfoOf(clientAddressOf(request.raw), request.headers), requestId: request.id },
      clientHeaders: request.headers,
      refreshTokens: createRefreshTokens(request, reply),
      loaders: new Loaders(auth),
      explainAccess: graph.explainAccess,
    };
  };
}
