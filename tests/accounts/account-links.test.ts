import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { print } from "graphql";
import { afterAll, beforeAll, expect, test } from "vitest";
import { RequestEmailVerificationDocument, RequestPasswordResetDocument } from "../generated/operations.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { messagesTo } from "../support/mail/outbox.ts";

const PUBLIC = "https://accounts.example.com";

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway({ env: { PUBLIC_URL: PUBLIC, TRUSTED_PROXIES: "127.0.0.1" } });
});
afterAll(() => gateway.close());

interface RawRequest {
  readonly target?: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** As no client would send it: any request line, any Host. */
async function sendRaw({ target = "/graphql", headers, body }: RawRequest): Promise<string> {
  const { hostname, port } = new URL(gateway.url);
  const payload = JSON.stringify(body);
  const all = { host: `${hostname}:${port}`, "content-type": "application/json", ...headers, connection: "close" };
  const lines = Object.entries({ ...all, "content-length": String(Buffer.byteLength(payload)) }).map(
    ([name, value]) => `${name}: ${value}`,
  );
  const socket = connect(Number(port), hostname);
  socket.write([`POST ${target} HTTP/1.1`, ...lines, "", payload].join("\r\n"));
  return text(socket);
}

test.each<[name: string, request: Omit<RawRequest, "body">]>([
  ["Host", { headers: { host: "evil.example" } }],
  ["Host with a port", { headers: { host: "evil.example:4000" } }],
  ["X-Forwarded-Host", { headers: { "x-forwarded-host": "evil.example", "x-forwarded-proto": "http" } }],
  ["several forwarded hosts", { headers: { "x-forwarded-host": "evil.example, accounts.example.com", "x-forwarded-port": "1" } }],
  ["Forwarded", { headers: { forwarded: "for=192.0.2.1;host=evil.example;proto=http" } }],
  ["X-Original-URL and its like", { headers: { "x-original-url": "http://evil.example/", "x-rewrite-url": "http://evil.example/" } }],
  ["Origin and Referer", { headers: { origin: "https://evil.example", referer: "https://evil.example/" } }],
  ["the absolute form of the address", { target: "http://evil.example/graphql", headers: {} }],
])("links lead to PUBLIC_URL, whatever a request says in %s", async (_name, request) => {
  const { user } = await gateway.register();
  for (const document of [RequestEmailVerificationDocument, RequestPasswordResetDocument]) {
    await sendRaw({ ...request, body: { query: print(document), variables: { email: user.email } } });
  }
  const messages = await messagesTo(gateway, user.email);
  const links = messages.flatMap(({ content }) => ("link" in content.facts ? [content.facts.link] : []));
  for (const link of links)
    expect(link).toMatch(/^https:\/\/accounts\.example\.com\/account\/(verify-email|reset-password)#token=ot2_[\w-]{64}$/);
  expect(JSON.stringify(messages)).not.toContain("evil");
  // One is of the registration: such requests are taken for the operations that they are.
  expect(links).toHaveLength(3);
});
