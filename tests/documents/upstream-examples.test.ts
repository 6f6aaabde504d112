import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createIdentityTokens } from "../../src/auth/tokens/identity-tokens.ts";
import { systemClock } from "../../src/core/clock.ts";
import { isAnonymous } from "../../src/core/permissions.ts";
import { createSecureRandom } from "../../src/core/random.ts";
import { findFreePort } from "../../src/dev-postgres/free-port.ts";
import { readDocument } from "../support/documents.ts";
import { ISSUER, startTestGateway, type TestGateway } from "../support/gateway.ts";
import { until } from "../support/until.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const statement = 'issuer: "https://auth.example.com"';
const guide = readDocument("docs/guides/upstreams.md");

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.close());

/** The example under a heading of the guide, as it stands there but for the addresses, in a process of its own. */
async function startExample(heading: string) {
  const [, section = ""] = guide.split(`### ${heading}\n`);
  const [, code = ""] = /```js\n([\s\S]*?)```/.exec(section) ?? [];
  expect(code).toContain(statement);
  const port = await findFreePort();
  const here = `issuer: "${ISSUER}", jwksUrl: "${gateway.url}/.well-known/jwks.json"`;
  const program = code.replace(statement, here).replace("4001", String(port));
  const child = spawn(process.execPath, ["--input-type=module", "--eval", program], { cwd: root, stdio: ["ignore", "ignore", "pipe"] });
  let output = "";
  child.stderr.on("data", (chunk: Buffer) => {
    output += chunk.toString();
  });
  const path = heading === "Apollo Server" ? "/" : "/graphql";
  async function ask(headers: Record<string, string> = {}) {
    const response = await fetch(`http://localhost:${port}${path}`, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify({ query: "{ whoami }" }),
    });
    return { status: response.status, text: await response.text() };
  }
  await until(async () => {
    if (child.exitCode !== null) throw new Error(`the example ended: ${output}`);
    return ask().then(
      () => true,
      () => false,
    );
  }, 20_000);
  return { ask, stop: () => stop(child) };
}

async function stop(child: ChildProcess): Promise<void> {
  const exited = once(child, "exit");
  child.kill("SIGKILL");
  await exited;
}

/** What a new user of the gateway's has, and the token that the gateway gives an upstream about them. */
async function newCaller(audience = "products") {
  const { user, accessToken } = await gateway.register();
  const viewer = await gateway.auth.accessTokens.verify(accessToken);
  if (isAnonymous(viewer)) throw new Error(viewer.reason);
  const parts = { keys: gateway.auth.signingKeys, clock: systemClock, random: createSecureRandom() };
  return { user, accessToken, identity: createIdentityTokens(parts, { issuer: ISSUER }).issue(viewer, { audience, claims: [] }) };
}

describe.each(["Apollo Server", "GraphQL Yoga", "Mercurius"])("the example of %s", (heading) => {
  let example: Awaited<ReturnType<typeof startExample>>;
  beforeAll(async () => {
    example = await startExample(heading);
  });
  afterAll(() => example.stop());

  test("knows who is calling, and each caller from the others", async () => {
    const callers = await Promise.all([newCaller(), newCaller()]);
    const answers = await Promise.all([...callers, ...callers].map(({ identity }) => example.ask({ "gateway-identity": identity })));
    expect(answers.map(({ text }) => JSON.parse(text))).toEqual(
      [...callers, ...callers].map(({ user }) => ({ data: { whoami: user.id } })),
    );
  });

  test("knows nobody where the gateway named nobody, whatever else was sent", async () => {
    const { accessToken, identity } = await newCaller();
    for (const headers of [{}, { authorization: `Bearer ${accessToken}` }, { authorization: `Bearer ${identity}` }]) {
      expect(JSON.parse((await example.ask(headers)).text)).toEqual({ data: { whoami: null } });
    }
  });

  test("runs nothing for a header that is not to be believed", async () => {
    const { user, accessToken, identity } = await newCaller();
    const { identity: forAnother } = await newCaller("reviews");
    const [header, payload = "", signature] = identity.split(".");
    const claims = JSON.parse(Buffer.from(payload, "base64url").toString());
    const forged = [header, Buffer.from(JSON.stringify({ ...claims, roles: ["admin"] })).toString("base64url"), signature].join(".");
    for (const token of [accessToken, forAnother, forged, "nonsense", `${identity}, ${identity}`]) {
      const { status, text } = await example.ask({ "gateway-identity": token });
      expect(status).toBe(401);
      expect(JSON.parse(text).data ?? null).toBeNull();
      for (const secret of [token, user.id]) expect(text).not.toContain(secret);
    }
  });
});
