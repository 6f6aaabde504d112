import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, expect, test } from "vitest";
import { SessionsDocument } from "../generated/operations.ts";
import { dataOf } from "../support/client.ts";
import { blocksOf } from "../support/documents.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { until } from "../support/until.ts";

/** The programs of docs/guides/live-events.md, as they stand there but for the address, each in a process of its own. */
const [iterating, apollo, urql, renewing] = blocksOf("docs/guides/live-events.md").filter(({ language }) => language === "js");
const root = fileURLToPath(new URL("../..", import.meta.url));
const PATIENCE = 20_000;

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.close());

/** What the reader has: a client that hands out these access tokens, one after the other. */
const preludeOf = (...accessTokens: string[]) => `
    const tokens = ${JSON.stringify(accessTokens)};
    const auth = { token: async () => tokens.shift() };`;

/** The client of the first program without its loop, for the others. */
const socketOnly = (iterating?.text ?? "").split("for await")[0] ?? "";

function run(code: string): { child: ChildProcess; output: () => string } {
  const here = code
    .replaceAll("wss://auth.example.com", gateway.url.replace("http", "ws"))
    .replaceAll("https://auth.example.com", gateway.url);
  // Node 20 has no WebSocket of its own; browsers do.
  const program = `import { WebSocket } from "ws"; globalThis.WebSocket = WebSocket;\n${here}`;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", program], { cwd: root });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      output += chunk.toString();
    });
  }
  return { child, output: () => output };
}

async function end(child: ChildProcess): Promise<void> {
  const ended = once(child, "exit");
  child.kill();
  await ended;
}

const isWatched = (userId: string) => until(() => gateway.auth.sessionWatch.isWatched(userId), PATIENCE);

test("the first one prints what happens to the caller's sessions", async () => {
  const { accessToken, user } = await gateway.register();
  const { child, output } = run(preludeOf(accessToken) + iterating?.text);
  await isWatched(user.id);
  const { session } = await gateway.login(user.email);
  await until(() => output().includes("OPENED") && output().includes(session.id), PATIENCE);
  await end(child);
});

test.each([
  ["Apollo Client", apollo?.text, `import { gql } from "@apollo/client"; client.subscribe({ query: gql(SUBSCRIPTION) }).subscribe(print);`],
  ["urql", urql?.text, "client.subscription(SUBSCRIPTION, {}).subscribe(print);"],
])("%s subscribes over the socket", async (_name, program, use) => {
  const { accessToken, user } = await gateway.register();
  const helpers = `
    const SUBSCRIPTION = "subscription { sessionEvents { type session { id } } }";
    const print = (event) => console.log(JSON.stringify(event));`;
  const { child, output } = run([preludeOf(accessToken), helpers, socketOnly, program, use].join("\n"));
  await isWatched(user.id);
  await gateway.login(user.email);
  await until(() => output().includes('"OPENED"'), PATIENCE);
  await end(child);
});

test("the last one renews the socket's token", async () => {
  const { accessToken, refreshToken, user, session } = await gateway.register();
  const refreshed = await gateway.post({
    query: "mutation ($token: String) { refresh(input: { refreshToken: $token }) { accessToken } }",
    variables: { token: refreshToken },
  });
  const nextToken = (refreshed.data as { refresh: { accessToken: string } }).refresh.accessToken;
  const keep =
    'socket.subscribe({ query: "subscription { sessionEvents { type } }" }, { next() {}, error: console.error, complete() {} });';
  const program = renewing?.text.replace("complete: () => {}", 'complete: () => console.log("renewed")');
  expect(program).toContain("renewed");
  const { child, output } = run([preludeOf(accessToken, nextToken), socketOnly, keep, program].join("\n"));
  await until(() => output().includes("renewed"), PATIENCE);
  const { sessions } = dataOf(await gateway.send(SessionsDocument, {}, { token: (await gateway.login(user.email)).accessToken }));
  expect(sessions?.find(({ id }) => id === session.id)?.endedAt).toBeNull();
  await end(child);
});

test("the receiver of docs/guides/webhooks.md takes what is signed, and nothing else", async () => {
  const secret = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
  const [receiver] = blocksOf("docs/guides/webhooks.md").filter(({ language }) => language === "js");
  const listening = `.listen(0, "127.0.0.1", function () { console.log("port", this.address().port); })`;
  const program = receiver?.text.replace(".listen(5001)", listening).replace("process.env.CRM_WEBHOOK_SECRET", `"${secret}"`);
  const { child, output } = run(program ?? "");
  await until(() => /port \d+/.test(output()), PATIENCE);
  const url = `http://127.0.0.1:${/port (\d+)/.exec(output())?.[1]}`;
  const body = JSON.stringify({ type: "user.registered", timestamp: new Date().toISOString(), data: { userId: "one" } });
  const post = (signature: string, at: Date) => {
    const headers = { "webhook-id": "msg_1", "webhook-timestamp": String(Math.floor(at.getTime() / 1000)), "webhook-signature": signature };
    return fetch(url, { method: "POST", body, headers });
  };
  const now = new Date();
  expect((await post(new Webhook(secret).sign("msg_1", now, body), now)).status).toBe(204);
  expect((await post(new Webhook(secret).sign("msg_2", now, body), now)).status).toBe(401);
  expect(output()).toContain("user.registered one");
  await end(child);
});
