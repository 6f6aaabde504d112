import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import { listen } from "../listen.ts";

export interface ReceivedCall {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A server that webhooks are sent to, over a socket. */
export interface Receiver {
  readonly url: string;
  readonly calls: readonly ReceivedCall[];
  /** How the next calls are answered, until it is said otherwise. */
  answer: (call: ReceivedCall, response: ServerResponse) => void;
  close(): Promise<void>;
}

export async function openReceiver(): Promise<Receiver> {
  const calls: ReceivedCall[] = [];
  const server = createServer((request, response) => {
    void readAll(request).then((body) => {
      const call = { path: request.url ?? "", headers: request.headers, body };
      calls.push(call);
      receiver.answer(call, response);
    });
  });
  const { url, close } = await listen(server);
  const receiver: Receiver = { url, calls, answer: (_call, response) => response.writeHead(204).end(), close };
  return receiver;
}

async function readAll(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request) text += chunk;
  return text;
}
