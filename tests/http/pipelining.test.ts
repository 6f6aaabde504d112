import { once } from "node:events";
import { connect } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { PASSWORD } from "../support/sign-in.ts";

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.close());

/** Everything that comes back for requests that are sent at once, until the connection closes. */
async function answerTo(requests: string): Promise<string> {
  const { hostname, port } = new URL(gateway.url);
  const socket = connect(Number(port), hostname);
  let received = "";
  socket.on("data", (chunk) => {
    received += chunk.toString("latin1");
  });
  socket.on("error", () => undefined);
  socket.write(requests);
  await once(socket, "close");
  return received;
}

function login(email: string): string {
  const query = "mutation($input: LoginInput!) { login(input: $input) { accessToken } }";
  const body = JSON.stringify({ query, variables: { input: { email, password: PASSWORD } } });
  const length = Buffer.byteLength(body);
  return `POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${length}\r\n\r\n${body}`;
}

const webSocket = [
  "GET /graphql HTTP/1.1",
  "host: localhost",
  "connection: upgrade",
  "upgrade: websocket",
  "sec-websocket-version: 13",
  "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==",
  "sec-websocket-protocol: graphql-transport-ws",
  "",
  "",
].join("\r\n");
const otherUpgrade = "GET /.well-known/jwks.json HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n";

test.each([
  ["a WebSocket", webSocket],
  ["another protocol", otherUpgrade],
])(
  "an upgrade to %s behind a request that is under way closes the connection: no answer ends up in the wrong hands",
  async (_name, upgrade) => {
    const { user } = await gateway.register();
    const received = await answerTo(login(user.email) + upgrade);
    expect(received).not.toContain("101 Switching Protocols");
    expect(received).not.toContain("accessToken");
  },
);

test("what is no HTTP behind a request that is under way closes the connection: the request is not told that it was refused", async () => {
  const { user } = await gateway.register();
  expect(await answerTo(`${login(user.email)}nonsense\r\n\r\n`)).toBe("");
  expect(await answerTo("nonsense\r\n\r\n")).toContain("400 Bad Request");
});

test("a request whose own body is no HTTP is told so", async () => {
  const head = "POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n";
  expect(await answerTo(`${head}no length\r\n`)).toContain("400 Bad Request");
});
