import type { TypedDocumentNode } from "@graphql-typed-document-node/core";
import { print } from "graphql";
import { WebSocket } from "ws";
import type { ReplyError } from "../client.ts";

export interface Closed {
  readonly code: number;
  readonly reason: string;
}

export interface Message {
  readonly id?: string;
  readonly type: string;
  readonly payload?: unknown;
}

export interface SocketReply<Data> {
  readonly data: Data | null | undefined;
  readonly errors: readonly ReplyError[];
  /** As it was sent. */
  readonly text: string;
}

export interface Subscription<Data> {
  readonly id: string;
  /** What has come so far. */
  readonly received: readonly Data[];
}

/** A WebSocket of a stranger, who may send whatever they like. */
export interface LiveSocket {
  readonly socket: WebSocket;
  readonly messages: readonly Message[];
  readonly closed: Promise<Closed>;
  send(message: unknown): void;
  /** The first message that fits, also if it has come already. */
  until(fits: (message: Message) => boolean): Promise<Message>;
  /** Sends `connection_init`, and waits for the answer. */
  init(payload?: Record<string, unknown>): Promise<void>;
  /** One operation; its first answer. */
  ask<Data, Variables>(document: TypedDocumentNode<Data, Variables> | string, variables?: Variables): Promise<SocketReply<Data>>;
  /** Begins a subscription. */
  subscribe<Data, Variables>(document: TypedDocumentNode<Data, Variables>, variables: Variables): Subscription<Data>;
}

export interface SocketOptions {
  readonly path?: string;
  readonly protocols?: string[];
  readonly headers?: Record<string, string>;
}

let ids = 0;

/** Opens a socket; rejects with the status where it is refused. */
export async function openSocket(url: string, options: SocketOptions = {}): Promise<LiveSocket> {
  const { path = "/graphql", protocols = ["graphql-transport-ws"], headers = {} } = options;
  const socket = new WebSocket(url.replace("http", "ws") + path, protocols, { headers });
  const messages: Message[] = [];
  const listeners = new Set<() => void>();
  const closed = new Promise<Closed>((resolve) => {
    socket.on("close", (code, reason) => resolve({ code, reason: reason.toString() }));
  });
  socket.on("message", (data) => {
    messages.push(JSON.parse(data.toString()));
    for (const listener of [...listeners]) listener();
  });
  await new Promise<void>((resolve, reject) => {
    socket.once("open", resolve);
    socket.once("unexpected-response", (_request, response) => reject(new Error(`status ${response.statusCode}`)));
    socket.once("error", reject);
  });
  socket.on("error", () => undefined);

  function send(message: unknown): void {
    socket.send(typeof message === "string" || Buffer.isBuffer(message) ? message : JSON.stringify(message));
  }

  function until(fits: (message: Message) => boolean): Promise<Message> {
    return new Promise((resolve, reject) => {
      function look(): void {
        const found = messages.find(fits);
        if (found === undefined) return;
        listeners.delete(look);
        resolve(found);
      }
      listeners.add(look);
      void closed.then(({ code, reason }) => reject(new Error(`closed with ${code} ${reason}`)));
      look();
    });
  }

  function start(query: string, variables?: unknown): string {
    ids += 1;
    const id = `operation-${ids}`;
    send({ id, type: "subscribe", payload: { query, variables } });
    return id;
  }

  return {
    socket,
    messages,
    closed,
    send,
    until,
    async init(payload) {
      send({ type: "connection_init", payload });
      await until(({ type }) => type === "connection_ack");
    },
    async ask(document, variables) {
      const id = start(typeof document === "string" ? document : print(document), variables);
      const message = await until((each) => each.id === id && each.type !== "complete");
      const { data, errors = [] } = (message.type === "error" ? { errors: message.payload } : message.payload) as {
        data?: never;
        errors?: ReplyError[];
      };
      return { data, errors, text: JSON.stringify(message) };
    },
    subscribe<Data, Variables>(document: TypedDocumentNode<Data, Variables>, variables: Variables): Subscription<Data> {
      const id = start(print(document), variables);
      const received: Data[] = [];
      listeners.add(() => {
        received.length = 0;
        for (const { id: of, type, payload } of messages) {
          if (of === id && type === "next") received.push((payload as { data: Data }).data);
        }
      });
      return { id, received };
    },
  };
}
