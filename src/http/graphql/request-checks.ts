import type { FastifyInstance, FastifyRequest } from "fastify";
import type { SetSecurityHeaders } from "../browsers/security-headers.ts";
import { type Refusal, refuse } from "../errors.ts";
import type { ReadAccept } from "./answer-types.ts";

/**
 * Gives every answer its request id and what browsers should know about it, and refuses what could not be answered before anything is done
 * for it.
 */
export function checkRequests(app: FastifyInstance, parts: { setSecurityHeaders: SetSecurityHeaders; readAccept: ReadAccept }): void {
  const { setSecurityHeaders, readAccept } = parts;
  const isHost = createHostCheck();
  app.addHook("onRequest", (request, reply, done) => {
    reply.header("x-request-id", request.id);
    setSecurityHeaders(reply);
    const refusal = refusalOf(request, isHost, readAccept);
    if (refusal === undefined) return done();
    return refuse(reply, refusal);
  });
}

/** Nearly all requests name the same host, so the last good one is remembered. */
function createHostCheck(): (host: string) => boolean {
  let known: string | undefined;
  return (host) => {
    if (host === known) return true;
    // Apollo Server's integration builds a URL of it.
    const isHost = URL.canParse(`http://${host}/`);
    if (isHost) known = host;
    return isHost;
  };
}

function refusalOf(request: FastifyRequest, isHost: (host: string) => boolean, readAccept: ReadAccept): Refusal | undefined {
  if (!isHost(request.host)) return { status: 400, problem: "Has no valid Host header." };
  // Node has a request begin, and refuses it afterwards.
  if (isUnknownTransfer(request.headers["transfer-encoding"]))
    return { status: 400, problem: "Has a Transfer-Encoding other than chunked." };
  const { takesAnswer, takesPage } = readAccept(request.headers.accept);
  // Nothing answers a POST with a page.
  const isAnswerable = takesAnswer || (takesPage && request.method !== "POST");
  return isAnswerable ? undefined : { status: 406, problem: "Accepts none of the media types of an answer; accept application/json." };
}

function isUnknownTransfer(encoding: string | undefined): boolean {
  return encoding !== undefined && encoding.toLowerCase() !== "chunked";
}
