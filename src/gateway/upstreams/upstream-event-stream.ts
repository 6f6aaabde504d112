import { Agent, type Dispatcher, request } from "undici";
import { readEventStream } from "./event-stream.ts";
import type { OpenSource, SourceOptions } from "./upstream-source.ts";

const jsonHeaders = { "content-type": "application/json", accept: "text/event-stream, application/json;q=0.5" };

/** GraphQL over server-sent events, in distinct connections mode. */
export function createEventStreamOpener({ subscriptions, maximumAnswerBytes, timeoutMilliseconds }: SourceOptions): OpenSource {
  // Between two events there may be any time.
  const timeouts = { headersTimeout: timeoutMilliseconds, bodyTimeout: 0, connect: { timeout: timeoutMilliseconds } };
  const dispatcher = new Agent(timeouts);
  return (subscription, headers) => {
    const body = JSON.stringify(subscription);
    return abortable((signal) =>
      // Kept for nobody else; redirects are not followed: they would carry the caller's identity to wherever they lead.
      readResults(
        () =>
          request(subscriptions.url, {
            method: "POST",
            headers: { ...headers, ...jsonHeaders },
            body,
            signal,
            dispatcher,
            reset: true,
          }),
        maximumAnswerBytes,
      ),
    );
  };
}

async function* readResults(send: () => Promise<Dispatcher.ResponseData>, maximumLength: number): AsyncGenerator<unknown> {
  const { statusCode, headers, body } = await send();
  if (!String(headers["content-type"]).startsWith("text/event-stream")) {
    if (statusCode >= 500) throw new Error(`an answer of status ${statusCode}`);
    // Why there is no stream.
    yield JSON.parse(await readText(body, maximumLength));
    return;
  }
  if (statusCode !== 200) throw new Error(`an answer of status ${statusCode}`);
  for await (const { type, data } of readEventStream(body, maximumLength)) {
    if (type === "complete") return;
    if (type === "next") yield JSON.parse(data);
  }
  throw new Error("the stream ended before it was complete");
}

async function readText(body: AsyncIterable<Uint8Array>, maximumLength: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    length += chunk.byteLength;
    if (length > maximumLength) throw new Error("an answer that is larger than allowed");
  }
  return Buffer.concat(chunks).toString();
}

/** A generator that waits cannot be returned before what it waits for has come; this one lets go at once. */
function abortable(generate: (signal: AbortSignal) => AsyncGenerator<unknown>): AsyncIterableIterator<unknown> {
  const control = new AbortController();
  const generator = generate(control.signal);
  const end: IteratorResult<unknown> = { done: true, value: undefined };
  const iterator: AsyncIterableIterator<unknown> = {
    async next() {
      try {
        return control.signal.aborted ? end : await generator.next();
      } catch (error) {
        if (control.signal.aborted) return end;
        control.abort();
        throw error;
      }
    },
    async return() {
      control.abort();
      return end;
    },
    [Symbol.asyncIterator]: () => iterator,
  };
  return iterator;
}
