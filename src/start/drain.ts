import { setTimeout as wait } from "node:timers/promises";
import type { FastifyInstance } from "fastify";

/** Orchestrators kill after 30 seconds; a rolling restart should not take that long for each process. */
const WHOLE_SECONDS = 9;
const LEAST_PATIENCE_SECONDS = 4;

/** How long requests under way may take at the end, after the delay in which new ones have still been taken. */
export function patienceAfter(drainDelaySeconds: number): number {
  return Math.max(LEAST_PATIENCE_SECONDS, WHOLE_SECONDS - drainDelaySeconds);
}

/** Until the time is over or somebody is in a hurry. */
export async function waitInPatience(seconds: number, hurry: AbortSignal): Promise<void> {
  if (seconds > 0) await wait(seconds * 1000, undefined, { signal: hurry }).catch(() => undefined);
}

/** Clients that keep their connection would not notice that they should go elsewhere. */
export function closeConnectionsWhenAnswered(app: FastifyInstance): void {
  app.server.prependListener("request", (_request, response) => response.setHeader("connection", "close"));
}

/** Takes no new connection, says goodbye to sockets, and waits for what is under way; what takes too long is cut off. */
export async function closeApp(
  app: FastifyInstance,
  { patienceSeconds, hurry }: { patienceSeconds: number; hurry?: AbortSignal },
): Promise<void> {
  const cutOff = () => app.server.closeAllConnections();
  const patience = setTimeout(cutOff, patienceSeconds * 1000);
  hurry?.addEventListener("abort", cutOff);
  if (hurry?.aborted) cutOff();
  await app.close();
  clearTimeout(patience);
  hurry?.removeEventListener("abort", cutOff);
}
