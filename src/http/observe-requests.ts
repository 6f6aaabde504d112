import type { IncomingHttpHeaders } from "node:http";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Logger } from "pino";
import { READY_PATH } from "./health.ts";

const SLOW_MILLISECONDS = 1000;

/** Counts and traces the requests that arrive here. */
export interface RequestObserver {
  answered(status: number): void;
  /** Given what tells the number of open sockets. */
  watchSockets(count: () => number): void;
  /** Present only where requests are traced. */
  readonly tracer?: RequestTracer | undefined;
}

export interface RequestTracer {
  begin(request: { readonly method: string; readonly path: string; readonly headers: IncomingHttpHeaders }): RequestSpan;
}

export interface RequestSpan {
  /** Everything that is done inside belongs to the span. */
  run(work: () => void): void;
  end(status: number): void;
}

/** Counts answers, and logs those that failed or took long; all of them at the level `debug`. A 503 of /readyz is neither. */
export function observeRequests(app: FastifyInstance, { observer, logger }: { observer: RequestObserver; logger: Logger }): void {
  const logsAll = logger.isLevelEnabled("debug");
  app.addHook("onResponse", (request, reply, done) => {
    // The answer itself says that it is not ready; the cause has metrics and log lines of its own.
    if (reply.statusCode === 503 && request.url === READY_PATH) return done();
    observer.answered(reply.statusCode);
    const isNotable = reply.statusCode >= 500 || reply.elapsedTime > SLOW_MILLISECONDS;
    if (isNotable) logger.warn(describe(request, reply), reply.statusCode >= 500 ? "failed request" : "slow request");
    else if (logsAll) logger.debug(describe(request, reply), "request");
    done();
  });
  if (observer.tracer !== undefined) traceRequests(app, observer.tracer);
}

/** The facts of a request for the log, without its query string: by GET that carries variables. */
function describe(request: FastifyRequest, reply: FastifyReply) {
  return {
    requestId: request.id,
    method: request.method,
    path: request.url.split("?")[0],
    status: reply.statusCode,
    milliseconds: Math.round(reply.elapsedTime),
  };
}

function traceRequests(app: FastifyInstance, tracer: RequestTracer): void {
  const spans = new WeakMap<FastifyRequest, RequestSpan>();
  app.addHook("onRequest", (request, _reply, done) => {
    const { method, headers } = request;
    spans.set(request, tracer.begin({ method, headers, path: request.routeOptions.url ?? "unknown" }));
    done();
  });
  // Not earlier: what reads the body calls back from outside.
  app.addHook("preHandler", (request, _reply, done) => {
    const span = spans.get(request);
    if (span === undefined) done();
    else span.run(done);
  });
  app.addHook("onResponse", (request, reply, done) => {
    spans.get(request)?.end(reply.statusCode);
    done();
  });
}
