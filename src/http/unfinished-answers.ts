import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";

/** Knows on which connections answers are still under way. */
export interface UnfinishedAnswers {
  has(socket: Duplex): boolean;
  /** Whether one of them is owed for a request that has arrived whole: what is written now would be taken for it. */
  isOwed(socket: Duplex): boolean;
  /** Whether the request that is being read has its answer already: nothing more is owed for it. */
  isGiven(socket: Duplex): boolean;
}

/** Requests may be sent before the one in front of them is answered, and Node reads on meanwhile. */
export function trackAnswers(server: Server): UnfinishedAnswers {
  const unanswered = new WeakMap<Duplex, Set<IncomingMessage>>();
  const latest = new WeakMap<Duplex, ServerResponse>();
  server.on("request", (request, response) => {
    const { socket } = request;
    latest.set(socket, response);
    const own = unanswered.get(socket) ?? new Set();
    unanswered.set(socket, own.add(request));
    response.once("close", () => own.delete(request));
  });
  return {
    has: (socket) => (unanswered.get(socket)?.size ?? 0) > 0,
    isOwed: (socket) => [...(unanswered.get(socket) ?? [])].some(({ complete }) => complete),
    isGiven(socket) {
      const response = latest.get(socket);
      return response?.headersSent === true && !response.req.complete;
    },
  };
}
