import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";

/* What two servers in a row could read differently: it is refused, once, and by nobody's word. */

let gateway: TestGateway;

beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway?.close());

/** What comes back on one connection, to its end. */
function sendRaw(lines: readonly string[], body = ""): Promise<string> {
  const { hostname, port } = new URL(gateway.url);
  return new Promise((resolve, reject) => {
    let answer = "";
    const socket = connect(Number(port), hostname, () => socket.write(`${lines.join("\r\n")}\r\n\r\n${body}`));
    socket.on("data", (chunk) => {
      answer += chunk.toString();
    });
    socket.on("error", reject);
    socket.on("close", () => resolve(answer));
  });
}

const body = '{"query":"{ me { id } }"}';
const post = ["POST /graphql HTTP/1.1", "Content-Type: application/json", "Connection: close"];
const length = `Content-Length: ${body.length}`;
const statusesOf = (answer: string) => [...answer.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => status);

describe("one answer, 400, and the end of the connection", () => {
  test.each([
    ["an unknown Transfer-Encoding", [...post.slice(0, 2), "Host: a", "Transfer-Encoding: soap"], body],
    ["an unknown Transfer-Encoding without a body's type", ["POST /graphql HTTP/1.1", "Host: a", "Transfer-Encoding: soap"], body],
    ["an unknown Transfer-Encoding of a GET", ["GET /livez HTTP/1.1", "Host: a", "Transfer-Encoding: soap"], ""],
    [
      "an unknown Transfer-Encoding in front of chunked",
      [...post, "Host: a", "Transfer-Encoding: soap, chunked"],
      `19\r\n${body}\r\n0\r\n\r\n`,
    ],
    ["chunked twice", [...post, "Host: a", "Transfer-Encoding: chunked", "Transfer-Encoding: chunked"], "0\r\n\r\n"],
    ["chunked that is not the last", [...post.slice(0, 2), "Host: a", "Transfer-Encoding: chunked, soap"], body],
    ["Transfer-Encoding beside Content-Length", [...post.slice(0, 2), "Host: a", length, "Transfer-Encoding: chunked"], "0\r\n\r\n"],
    ["two Content-Lengths", [...post.slice(0, 2), "Host: a", length, "Content-Length: 3"], body],
    ["two equal Content-Lengths", [...post.slice(0, 2), "Host: a", length, length], body],
    ["two Hosts", [...post, "Host: a", "Host: b", length], body],
    ["two Hosts in one", [...post, "Host: a, b", length], body],
    ["a space in front of a header's colon", [...post.slice(0, 2), "Host : a", length], body],
    ["a Content-Length that is no number", [...post.slice(0, 2), "Host: a", "Content-Length: +5"], body],
  ])("to %s", async (_name, lines, sent) => {
    expect(statusesOf(await sendRaw(lines, sent))).toEqual(["400"]);
    expect((await gateway.post({ query: "{ __typename }" })).status).toBe(200);
  });
});

describe("of several Authorization headers none counts", () => {
  const reasonOf = (answer: string) => /"reason":"(\w+)"/.exec(answer)?.[1];

  test.each([
    ["two that are good", (token: string) => [`Bearer ${token}`, `Bearer ${token}`]],
    ["a good one in front of another", (token: string) => [`Bearer ${token}`, "Bearer x"]],
    ["a good one behind another", (token: string) => ["Bearer x", `Bearer ${token}`]],
    ["a good one behind another scheme", (token: string) => ["Basic dTpw", `Bearer ${token}`]],
    ["a good one in front of another scheme", (token: string) => [`Bearer ${token}`, "Basic dTpw"]],
    ["an empty one and a good one", (token: string) => ["Bearer", `Bearer ${token}`]],
    ["both in one, joined by a proxy", (token: string) => [`Bearer ${token}, Bearer ${token}`]],
  ])("%s", async (_name, write) => {
    const { accessToken } = await gateway.register();
    const headers = write(accessToken).map((value) => `Authorization: ${value}`);
    for (let turn = 0; turn < 2; turn += 1) {
      expect(reasonOf(await sendRaw([...post, "Host: a", length, ...headers], body))).toBe("malformed");
    }
    const upgrade = ["GET /graphql HTTP/1.1", "Host: a", "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13"];
    const handshake = [...upgrade, "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Protocol: graphql-transport-ws"];
    expect(statusesOf(await sendRaw([...handshake, ...headers]))).toEqual(["400"]);
    expect(reasonOf(await sendRaw([...post, "Host: a", length, `Authorization: Bearer ${accessToken}`], body))).toBeUndefined();
  });
});
