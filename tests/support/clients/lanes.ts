import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { request } from "undici";
import { expect } from "vitest";
import { DIRECT_ANSWERS } from "../../../src/http/graphql/direct-lane.ts";

/** A POST to the GraphQL endpoint, with just these headers; content-type: application/json unless they say otherwise. */
export interface Sent {
  readonly token?: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: unknown;
}

export interface Answered {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
  readonly isDirect: boolean;
}

export interface Lanes {
  /** As a client does. */
  ask(sent: Sent): Promise<Answered>;
  /** By Apollo Server: only an address without a query is answered by the other lane. */
  askReference(sent: Sent): Promise<Answered>;
  close(): void;
}

export function watchLanes(url: string): Lanes {
  const direct = new Set<string>();
  const note = (message: unknown) => direct.add((message as { requestId: string }).requestId);
  subscribe(DIRECT_ANSWERS, note);

  async function post(path: string, { token, headers, body }: Sent): Promise<Answered> {
    const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const response = await request(`${url}${path}`, {
      method: "POST",
      headers: { "content-type": "application/json", ...authorization, ...headers },
      body: typeof body === "string" || body instanceof Buffer ? body : JSON.stringify(body),
    });
    const text = await response.body.text();
    const isDirect = direct.has(String(response.headers["x-request-id"]));
    return { status: response.statusCode, headers: response.headers, text, isDirect };
  }

  return {
    ask: (sent) => post("/graphql", sent),
    askReference: (sent) => post("/graphql?reference", sent),
    close: () => unsubscribe(DIRECT_ANSWERS, note),
  };
}

const volatile: readonly [pattern: RegExp, name: string][] = [
  [/eyJ[\w-]+\.[\w-]+\.[\w-]+/g, "<access token>"],
  [/rt2_[\w-]+/g, "<refresh token>"],
  [/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, "<id>"],
  [/Expires=[^;]* 20\d\d [^;]*/g, "Expires=<later>"],
  [/"retryAfterSeconds":\d+/g, "<soon>"],
];

/** What two answers to one request have in common: everything but ids, tokens and instants. */
function lasting({ status, headers, text }: Answered) {
  const mask = (value: string) => volatile.reduce((masked, [pattern, name]) => masked.replace(pattern, name), value);
  const { date, "x-request-id": requestId, "content-length": length, "retry-after": retryAfter, ...others } = headers;
  expect(String(requestId)).toMatch(/^[0-9a-f-]{36}$/);
  expect(date).toBeDefined();
  expect(Number(length)).toBe(Buffer.byteLength(text));
  const waits = [...text.matchAll(/"retryAfterSeconds":(\d+)/g)].map(([, seconds]) => Number(seconds));
  expect(retryAfter).toBe(waits.length === 0 ? undefined : String(Math.max(...waits)));
  const masked = Object.entries(others).map(([name, value]) => [name, mask(String(value))]);
  return { status, headers: Object.fromEntries(masked), text: mask(text) };
}

/** Both lanes answer it alike, to the byte. Tells which one a client is answered by once the document is known. */
export async function compareLanes(lanes: Lanes, next: () => Sent | Promise<Sent>): Promise<Answered> {
  const first = await lanes.askReference(await next());
  const reference = await lanes.askReference(await next());
  const answer = await lanes.ask(await next());
  expect(first.isDirect || reference.isDirect).toBe(false);
  expect(lasting(reference)).toEqual(lasting(first));
  expect(lasting(answer)).toEqual(lasting(reference));
  if (answer.isDirect) expect(answer.headers["cache-control"]).toBe("no-store");
  return answer;
}
