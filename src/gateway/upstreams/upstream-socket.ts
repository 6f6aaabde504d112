import { createClient } from "graphql-ws";
import { type ClientOptions, WebSocket } from "ws";
import { type HeldEvents, holdEvents } from "./held-events.ts";
import type { OpenSource, SourceOptions } from "./upstream-source.ts";

/** Milliseconds that an upstream has to answer a close. Missing from the types of `ws`. */
const closing = { closeTimeout: 2000 };
const NORMAL_CLOSURE = 1000;

/**
 * GraphQL over WebSocket (graphql-transport-ws): headers travel with the upgrade, and as `connectionParams` for servers that look there.
 */
export function createSocketOpener(options: SourceOptions): OpenSource {
  const { subscriptions, maximumAnswerBytes, timeoutMilliseconds } = options;
  const limits: ClientOptions = { maxPayload: maximumAnswerBytes, handshakeTimeout: timeoutMilliseconds, followRedirects: false };
  return (subscription, headers) => {
    const connection = createConnection({ ...limits, ...closing, headers });
    const held = holdEvents({ ...connection, leave: () => leave() });
    const client = createClient({
      url: subscriptions.url,
      webSocketImpl: connection.Socket,
      connectionParams: { ...headers },
      connectionAckWaitTimeout: timeoutMilliseconds,
      retryAttempts: 0,
      on: {
        error: (error) => held.fail(problemOf(error)),
        // graphql-ws would otherwise connect again after a close that looks friendly, without end.
        closed(event) {
          held.fail(problemOf(event));
          dispose();
        },
      },
    });
    const dispose = client.subscribe({ ...subscription }, createSink(held));
    function leave(): void {
      dispose();
      connection.close();
    }
    return held.events;
  };
}

function createSink({ push, end, fail }: HeldEvents) {
  return {
    next: push,
    complete: end,
    error(error: unknown): void {
      if (!Array.isArray(error)) fail(problemOf(error));
      // The upstream's own reasons for not answering.
      push({ errors: error });
      end();
    },
  };
}

interface Connection {
  readonly Socket: new (url: string | URL, protocols?: string | string[]) => WebSocket;
  hold(): void;
  release(): void;
  close(): void;
}

/** The one socket that graphql-ws will open with this class. */
function createConnection(options: ClientOptions): Connection {
  let opened: WebSocket | undefined;
  class Socket extends WebSocket {
    constructor(url: string | URL, protocols?: string | string[]) {
      super(url, protocols, options);
      opened = this;
    }
  }
  return {
    Socket,
    hold: () => opened?.pause(),
    release: () => opened?.resume(),
    close() {
      // One that is held would not hear the other side's answer.
      if (opened?.isPaused === true) opened.terminate();
      else opened?.close(NORMAL_CLOSURE, "Normal Closure");
    },
  };
}

/** graphql-ws passes on errors, and the events of `ws`. */
function problemOf(cause: unknown): Error {
  if (cause instanceof Error) return cause;
  const { error, code } = (cause ?? {}) as { readonly error?: unknown; readonly code?: unknown };
  if (error instanceof Error) return error;
  return new Error(typeof code === "number" ? `the WebSocket was closed with ${code}` : "the WebSocket failed");
}
