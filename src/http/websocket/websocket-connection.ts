import { randomUUID } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import type { ExecutionArgs, GraphQLError } from "graphql";
import { CloseCode, makeServer, type WebSocket } from "graphql-ws";
import { viewerOnAuthGraph } from "../../auth/tokens/callers.ts";
import type { ClientInfo } from "../../core/client-info.ts";
import type { AnonymousReason } from "../../core/permissions.ts";
import { readResult } from "../../graphql/answers.ts";
import type { RefreshTokens, RequestContext } from "../../graphql/context.ts";
import { readSocketDocument } from "../../graphql/documents/socket-documents.ts";
import { Loaders } from "../../graphql/loaders.ts";
import type { Operation } from "../../graphql/operations.ts";
import { publicInputError } from "../../graphql/public-errors.ts";
import { readBearerToken } from "../graphql/bearer-token.ts";
import type { GraphqlEndpointParts } from "../graphql/graphql-endpoint.ts";
import { anonymousCaller, type SocketCaller, type SocketCallers } from "./websocket-callers.ts";

/** The code that closes a socket without a valid access token; the reason says why there is none. */
const CLOSED_UNAUTHENTICATED = CloseCode.Forbidden;
/** RFC 6455's registry: try again later. */
const CLOSED_UNAVAILABLE = 1013;
const INIT_MILLISECONDS = 3000;
const MAXIMUM_OPERATIONS = 20;

export interface ConnectionParts extends Pick<GraphqlEndpointParts, "graph" | "auth" | "clock" | "publicErrors"> {
  readonly callers: SocketCallers;
}

/** One socket as graphql-ws sees it, and whether anybody is still there. */
export interface Wire extends WebSocket {
  isOpen(): boolean;
  close(code: number, reason: string): void;
}

/** The facts of a socket that are known since it was asked for. */
export interface Opening {
  readonly client: ClientInfo;
  readonly headers: IncomingHttpHeaders;
}

/** An operation on its way through graphql-ws. */
interface OperationArgs extends ExecutionArgs {
  readonly operation: Operation;
}

/** GraphQL over one WebSocket (graphql-transport-ws). To be called with the code and the reason when it has closed. */
export function serveConnection(parts: ConnectionParts, wire: Wire, opening: Opening): (code: number, reason: string) => Promise<void> {
  const { graph, publicErrors } = parts;
  const formatError = (error: GraphQLError) => publicErrors.ofServer(error.toJSON(), error);
  let caller: SocketCaller | undefined;

  const server = makeServer({
    connectionInitWaitTimeout: INIT_MILLISECONDS,
    async onConnect({ connectionParams = {} }) {
      const admitted = hasCredentials(connectionParams)
        ? await parts.callers.admit(readToken(connectionParams), (reason) => refuse(wire, reason))
        : anonymousCaller;
      if ("reason" in admitted) refuse(wire, admitted.reason);
      else if (!wire.isOpen()) admitted.leave();
      else caller = admitted;
      return caller !== undefined;
    },
    async onSubscribe({ subscriptions }, _id, payload): Promise<OperationArgs | readonly GraphQLError[]> {
      if (caller === undefined) return [publicInputError({ request: ["Comes before the socket was acknowledged."] })];
      if (Object.keys(subscriptions).length > MAXIMUM_OPERATIONS) return [tooManyOperations()];
      await caller.check();
      const read = readSocketDocument(payload, graph.documents);
      if (!("document" in read)) return read;
      const operation = { ...read, variableValues: payload.variables ?? {}, context: createContext(parts, caller, opening) };
      return { schema: graph.schema(), document: read.document, operationName: payload.operationName ?? null, operation };
    },
    execute: async (args) => readResult(await graph.operations.run((args as OperationArgs).operation)),
    subscribe: (args) =>
      graph.operations.subscribe((args as OperationArgs).operation, async () => {
        const isCleared = await caller?.clearance();
        return caller && isCleared === true ? createContext(parts, caller, opening) : undefined;
      }),
    onNext: (_context, _id, _payload, _args, { errors, data }) => ({
      ...(errors === undefined ? {} : { errors: errors.map(formatError) }),
      ...(data === undefined ? {} : { data }),
    }),
    onError: (_context, _id, _payload, errors) => errors.map(formatError),
    onClose: () => caller?.leave(),
  });
  return server.opened(wire, undefined);
}

const credentials = ["accessToken", "authorization", "Authorization"];

function hasCredentials(params: Readonly<Record<string, unknown>>): boolean {
  return credentials.some((name) => params[name] !== undefined && params[name] !== null);
}

/** `{ accessToken }`, or the header as clients send it over HTTP. Several that differ are none. */
function readToken({ accessToken, authorization, Authorization }: Readonly<Record<string, unknown>>): string | undefined {
  const headers = [authorization, Authorization].map((header) => (typeof header === "string" ? readBearerToken(header) : undefined));
  const tokens = new Set([accessToken, ...headers].filter((token) => typeof token === "string"));
  return tokens.size === 0 ? undefined : [...tokens].join(", ");
}

function refuse(wire: Wire, reason: AnonymousReason): void {
  if (reason === "unverifiable") wire.close(CLOSED_UNAVAILABLE, "SERVICE_UNAVAILABLE");
  else wire.close(CLOSED_UNAUTHENTICATED, reason);
}

function tooManyOperations(): GraphQLError {
  return publicInputError({ request: [`Is one too many: a WebSocket has at most ${MAXIMUM_OPERATIONS} operations at a time.`] });
}

/** Cookies belong to HTTP, and so do the mutations that use them. */
const noRefreshTokens: RefreshTokens = { choose: unreachable, read: unreachable, withdraw: unreachable };

function unreachable(): never {
  throw new Error("no mutation that takes or gives refresh tokens runs on a WebSocket");
}

/** Every operation and every event has its own, and all of them the socket's caller, whose token may be another by now. */
function createContext({ graph, auth, clock }: ConnectionParts, caller: SocketCaller, opening: Opening): RequestContext {
  const requestId = randomUUID();
  return {
    auth,
    clock,
    requestId,
    get viewer() {
      return viewerOnAuthGraph(caller.current);
    },
    get caller() {
      return caller.current;
    },
    get accessToken() {
      return caller.token;
    },
    client: { ...opening.client, requestId },
    clientHeaders: opening.headers,
    refreshTokens: noRefreshTokens,
    loaders: new Loaders(auth),
    explainAccess: graph.explainAccess,
    connection: caller,
  };
}
