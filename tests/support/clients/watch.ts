import type { ReplyError } from "../client.ts";
import { type LiveSocket, openSocket } from "./live-socket.ts";

export interface Told {
  readonly data?: Readonly<Record<string, unknown>> | null;
  readonly errors?: readonly ReplyError[];
}

/** One subscription on a WebSocket of its own. */
export interface Watch {
  readonly socket: LiveSocket;
  /** What has come so far. */
  told(): Told[];
  /** What came instead of a stream. */
  refusal(): readonly ReplyError[] | undefined;
  isComplete(): boolean;
  complete(): void;
}

let count = 0;

/** Begins a subscription. That it has begun, only the upstream can tell. */
export async function watch(url: string, accessToken: string, query: string, variables: object = {}): Promise<Watch> {
  const socket = await openSocket(url);
  await socket.init({ accessToken });
  return watchOn(socket, query, variables);
}

export function watchOn(socket: LiveSocket, query: string, variables: object = {}): Watch {
  count += 1;
  const id = `watch-${count}`;
  const of = (type: string) => socket.messages.filter((message) => message.id === id && message.type === type);
  socket.send({ id, type: "subscribe", payload: { query, variables } });
  return {
    socket,
    told: () => of("next").map(({ payload }) => payload as Told),
    refusal: () => of("error")[0]?.payload as readonly ReplyError[] | undefined,
    isComplete: () => of("complete").length > 0,
    complete: () => socket.send({ id, type: "complete" }),
  };
}
