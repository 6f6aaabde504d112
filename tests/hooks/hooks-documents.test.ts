import { expect, test } from "vitest";
import { parseConfig } from "../../src/config/config.ts";
import { loadHooks } from "../../src/hooks/load-hooks.ts";
import { RegisterDocument } from "../generated/operations.ts";
import { codesOf, dataOf } from "../support/client.ts";
import { readDocument, sectionOf } from "../support/documents.ts";
import { startTestGateway } from "../support/gateway.ts";
import { writeModule } from "../support/processes/hooks-module.ts";
import { newEmail, PASSWORD } from "../support/sign-in.ts";

const blockOf = (document: string, language: string) =>
  new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``).exec(readDocument(document))?.[1] ?? "";

test("the module in docs/guides/hooks.md is one, and does what it says", async () => {
  const { path, remove } = await writeModule(blockOf("docs/guides/hooks.md", "js"));
  expect(Object.keys(await loadHooks(path)).sort()).toEqual(["afterLogin", "beforeRegister", "claims", "onSessionEnded"]);
  const gateway = await startTestGateway({ gatewayYaml: `roles: { support: {} }\nhooks: { module: ${path} }\n` });
  const register = (email: string) => gateway.send(RegisterDocument, { input: { email, password: PASSWORD } });
  expect(codesOf(await register("eve@competitor.example"))).toEqual(["REGISTRATION_REFUSED"]);
  expect(codesOf(await register("Eve@Competitor.Example"))).toEqual(["REGISTRATION_REFUSED"]);
  const { accessToken, user } = dataOf(await register("ada@acme.example")).register;
  expect(user.roles).toEqual(["user", "support"]);
  const payload = (token: string) => JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString());
  expect(payload(accessToken).plan).toBe("staff");
  expect(payload(dataOf(await register(newEmail())).register.accessToken).plan).toBe("free");
  await gateway.close();
  await remove();
});

test("docs/guides/hooks.md names every claim that is taken", () => {
  const source = readDocument("src/auth/tokens/custom-claims.ts");
  const sets = [...source.matchAll(/new Set\(\[([\s\S]*?)\]\);/g)].map(([, body = ""]) => body).join();
  const names = [...sets.matchAll(/"(\w+)"/g)].map(([, name]) => name);
  expect(names.length).toBeGreaterThan(20);
  for (const name of names) expect(readDocument("docs/guides/hooks.md")).toContain(`\`${name}\``);
});

test("docs/guides/webhooks.md lists every event, and its example is a configuration", () => {
  const rows = [...sectionOf(readDocument("docs/guides/webhooks.md"), "events").matchAll(/^\| `([a-z._]+)` \|/gm)].map(([, name]) => name);
  const secret = `whsec_${Buffer.alloc(32).toString("base64")}`;
  const env = { CRM_WEBHOOK_SECRET: secret, CHAT_WEBHOOK_SECRET: secret, CHAT_WEBHOOK_SECRET_OLD: secret };
  const all = `webhooks: [{ url: https://a.test, secret: { env: CRM_WEBHOOK_SECRET }, events: ${JSON.stringify(rows)} }]`;
  expect(parseConfig(env, { path: "gateway.yaml", text: all }).webhooks[0]?.events).toHaveLength(14);
  expect(parseConfig(env, { path: "gateway.yaml", text: blockOf("docs/guides/webhooks.md", "yaml") }).webhooks).toHaveLength(2);
});
