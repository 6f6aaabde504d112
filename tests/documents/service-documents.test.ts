import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readDocument } from "../support/documents.ts";
import { ISSUER, startTestGateway, type TestGateway } from "../support/gateway.ts";

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway?.close());

const root = fileURLToPath(new URL("../..", import.meta.url));
const [, program = ""] = /```js\n([\s\S]*?)```/.exec(readDocument("docs/operate/services.md")) ?? [];

/** What docs/operate/services.md makes of a header, but for the addresses. */
async function read(authorization: string | undefined): Promise<unknown> {
  const here = program
    .replace('"https://auth.example.com"', JSON.stringify(ISSUER))
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it stands in the document.
    .replace("`${issuer}/.well-known/jwks.json`", JSON.stringify(`${gateway.url}/.well-known/jwks.json`));
  const asked = authorization === undefined ? "undefined" : JSON.stringify(authorization);
  const call = `readAccessToken(${asked}).then((claims) => console.log(JSON.stringify(claims)), () => console.log("null"));`;
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", `${here}\n${call}`], { cwd: root });
  return JSON.parse(stdout);
}

test("the program of docs/operate/services.md believes an access token, and nothing else", async () => {
  const { accessToken, refreshToken, user } = await gateway.register();
  expect(await read(`Bearer ${accessToken}`)).toMatchObject({ sub: user.id, email: user.email, roles: ["user"] });
  for (const refused of [
    undefined,
    accessToken,
    `Bearer ${accessToken}x`,
    `Bearer ${refreshToken}`,
    `Bearer ${accessToken}, Bearer x`,
    "Bearer ",
  ]) {
    expect(await read(refused), String(refused)).toBeNull();
  }
});

test("what docs/administration.md shows an admin can do", async () => {
  const [admin, user] = [await gateway.registerAdmin(), await gateway.register()];
  const document = [...readDocument("docs/administration.md").matchAll(/```graphql\n([\s\S]*?)```/g)].map(([, text]) => text).join("\n");
  const names = [...document.matchAll(/^(?:query|mutation) (\w+)/gm)].map(([, name = ""]) => name);
  expect(names).toEqual(["Users", "OneUser", "Roles", "SignOutEverywhere", "Disable", "Enable", "Trail", "WhyLoggedOut"]);
  const { id: sessionId } = await sessionOf(user.accessToken);
  const { accessToken: token } = admin;
  for (const name of names.filter((each) => each !== "Roles")) {
    const [text = ""] = new RegExp(`^(?:query|mutation) ${name}\\b[\\s\\S]*?^}`, "m").exec(document) ?? [];
    const variables = { id: name === "WhyLoggedOut" ? sessionId : user.user.id, userId: user.user.id, reason: "a test" };
    const { errors } = await gateway.post({ query: text, variables: pick(variables, text) }, { token });
    expect(errors, name).toEqual([]);
  }
});

async function sessionOf(token: string): Promise<{ id: string }> {
  const { data } = await gateway.post({ query: "{ sessions { id } }" }, { token });
  return (data as { sessions: [{ id: string }] }).sessions[0];
}

function pick(variables: Record<string, string>, text: string): Record<string, string> {
  return Object.fromEntries(Object.entries(variables).filter(([name]) => text.includes(`$${name}:`)));
}
