import { afterAll, beforeAll, expect, test } from "vitest";
import { createVerifier } from "../../packages/verify/src/verifier.ts";
import { ISSUER, startTestGateway, type TestGateway } from "../support/gateway.ts";
import { createTokenReader, serveEchoGraph } from "../support/graphs/echo-graph.ts";
import type { ServedGraph } from "../support/graphs/served-graph.ts";
import { type HooksModule, writeHooks } from "../support/processes/hooks-module.ts";

let hooks: HooksModule;
let graphs: Record<"told" | "plain", ServedGraph>;
let gateway: TestGateway;
beforeAll(async () => {
  hooks = await writeHooks(["claims"]);
  hooks.current.claims = ({ id }) => ({ plan: "gold", "https://example.com/tenant": { of: id }, internal: "not for upstreams" });
  graphs = { told: await serveEchoGraph("told", "yoga"), plain: await serveEchoGraph("plain", "mercurius") };
  const claims = '[plan, "https://example.com/tenant", email, absent, roles, sub, toString]';
  gateway = await startTestGateway({
    gatewayYaml: `hooks: { module: ${hooks.path} }
upstreams:
  - { name: told, url: "${graphs.told.url}", sdl: { query: _sdl }, identity: { claims: ${claims} } }
  - { name: plain, url: "${graphs.plain.url}", sdl: { query: _sdl } }
`,
  });
});
afterAll(async () => {
  await gateway?.close();
  await Promise.all(Object.values(graphs ?? {}).map((graph) => graph.close()));
  await hooks.remove();
});

test("an upstream is told the claims that it is configured to be told, and no other one is told any", async () => {
  const { accessToken: token, user, session } = await gateway.register();
  const { data, errors } = await gateway.post({ query: "{ toldCaller plainCaller }" }, { token });
  expect(errors).toEqual([]);
  const read = createTokenReader(gateway.url, gateway.clock.now);
  const [toldPayload, plainPayload] = [await read(data?.toldCaller, "told"), await read(data?.plainCaller, "plain")];
  const { iat, exp, jti, ...toldFacts } = toldPayload;
  const common = { iss: ISSUER, sub: user.id, sid: session.id, roles: ["user"], scope: "" };
  const custom = { plan: "gold", "https://example.com/tenant": { of: user.id } };
  expect(toldFacts).toEqual({ ...common, aud: "told", ...custom, email: user.email });
  expect(Object.keys(plainPayload).sort()).toEqual([...Object.keys(common), "aud", "iat", "exp", "jti"].sort());

  const verify = createVerifier({ issuer: ISSUER, audience: "told", jwksUrl: `${gateway.url}/.well-known/jwks.json` });
  expect(await verify(String(data?.toldCaller))).toMatchObject({ userId: user.id, email: user.email, claims: custom });
});

test("a refresh with other claims is told to the upstream at once", async () => {
  const { user, accessToken } = await gateway.register();
  const ask = async (token: string) => {
    const { data } = await gateway.post({ query: "{ toldCaller }" }, { token });
    return (await createTokenReader(gateway.url, gateway.clock.now)(data?.toldCaller, "told")).plan;
  };
  expect(await ask(accessToken)).toBe("gold");
  hooks.current.claims = () => ({ plan: "silver" });
  expect(await ask((await gateway.login(user.email)).accessToken)).toBe("silver");
  expect(await ask(accessToken)).toBe("gold");
});
