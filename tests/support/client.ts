import type { TypedDocumentNode } from "@graphql-typed-document-node/core";
import { print } from "graphql";

export interface Reply<Data> {
  readonly status: number;
  readonly headers: Headers;
  readonly data: Data | null | undefined;
  readonly errors: readonly ReplyError[];
  /** The body as it was sent. */
  readonly text: string;
}

export interface ReplyError {
  readonly message: string;
  readonly path?: readonly (string | number)[];
  readonly extensions: { readonly code: string } & Record<string, unknown>;
}

export interface SendOptions {
  readonly token?: string | undefined;
  readonly headers?: Record<string, string>;
}

export interface Client {
  /** A typed operation. */
  send<Data, Variables>(document: TypedDocumentNode<Data, Variables>, variables: Variables, options?: SendOptions): Promise<Reply<Data>>;
  /** Whatever a stranger may post. */
  post(body: unknown, options?: SendOptions): Promise<Reply<Record<string, unknown>>>;
}

export function createClient(url: string): Client {
  async function post<Data>(body: unknown, options: SendOptions = {}): Promise<Reply<Data>> {
    const authorization: Record<string, string> = options.token === undefined ? {} : { authorization: `Bearer ${options.token}` };
    const response = await fetch(`${url}/graphql`, {
      method: "POST",
      headers: { "content-type": "application/json", ...authorization, ...options.headers },
      body: typeof body === "string" ? body : JSON.stringify(body),
    });
    const text = await response.text();
    const { data, errors = [] } = JSON.parse(text);
    return { status: response.status, headers: response.headers, data, errors, text };
  }
  return {
    send: (document, variables, options) => post({ query: print(document), variables }, options),
    post,
  };
}

/** The data of a reply that must have no errors. */
export function dataOf<Data>(reply: Reply<Data>): Data {
  if (reply.data === null || reply.data === undefined || reply.errors.length > 0) {
    throw new Error(`expected data, got ${reply.text}`);
  }
  return reply.data;
}

export function codesOf(reply: Reply<unknown>): string[] {
  return reply.errors.map((error) => error.extensions.code);
}
