import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { blocksOf } from "../support/documents.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { PASSWORD } from "../support/sign-in.ts";

/*
 * The program of docs/guides/clients.md as the pages say: saved as auth-client.js, in a folder of its own, and used by what README.md and
 * that guide show, but for the address and the user.
 */

const run = promisify(execFile);
const programsOf = (name: string) => blocksOf(name).filter(({ language }) => language === "js");
const [clientProgram, sample, urql, browser] = programsOf("docs/guides/clients.md").map(({ text }) => text);
const [apollo] = programsOf("README.md").map(({ text }) => text);
const signIn = 'await auth.signIn({ email: "grace@example.com", password: "a short walk by the sea" });';
const [beforeSignIn = "", afterSignIn = ""] = apollo?.split(signIn) ?? [];

let gateway: TestGateway;
let folder: string;
beforeAll(async () => {
  gateway = await startTestGateway({ env: { REFRESH_TOKEN_CARRIER: "both" } });
  folder = mkdtempSync(join(tmpdir(), "gateway-client-"));
  symlinkSync(fileURLToPath(new URL("../../node_modules", import.meta.url)), join(folder, "node_modules"));
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  writeFileSync(join(folder, "auth-client.js"), clientProgram ?? "");
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await gateway.close();
});

/** What a program prints. */
async function printedBy(...parts: readonly (string | undefined)[]): Promise<string> {
  const here = parts.join("\n").replaceAll("http://localhost:4000", gateway.url).replaceAll("https://auth.example.com", gateway.url);
  writeFileSync(join(folder, "program.js"), here);
  return (await run(process.execPath, ["program.js"], { cwd: folder })).stdout;
}

/** A user, the statement that signs them in, and one that takes their roles away, which revokes their access tokens. */
async function someone(client: string) {
  const { user } = await gateway.register();
  const admin = await gateway.registerAdmin();
  const query = `mutation { setUserRoles(userId: "${user.id}", roles: []) { id } }`;
  const request = {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${admin.accessToken}` },
    body: JSON.stringify({ query }),
  };
  return {
    email: user.email,
    signIn: `await ${client}.signIn({ email: "${user.email}", password: "${PASSWORD}" });`,
    revoke: `await fetch("${gateway.url}/graphql", ${JSON.stringify(request)});`,
    async refreshes() {
      const [row] = await gateway.database.sql`
        select count(*)::int as n from audit_events where user_id = ${user.id} and type = 'TOKEN_REFRESHED'`;
      return row?.n;
    },
  };
}

test("Apollo Client, as README.md sets it up, asks who has signed in", async () => {
  const { email, signIn } = await someone("auth");
  expect(await printedBy(beforeSignIn, signIn, afterSignIn)).toContain(`email: '${email}'`);
});

test("Apollo Client sends what is public for somebody who is not signed in, and is told of the rest", async () => {
  const ask = `
    const reset = gql\`mutation { requestPasswordReset(input: { email: "nobody@example.com" }) { accepted } }\`;
    console.log((await client.mutate({ mutation: reset })).data.requestPasswordReset.accepted);
    const { data, error } = await client.query({ query: gql\`{ me { email } }\`, errorPolicy: "all" });
    console.log(data.me, error.errors[0].extensions.code);`;
  expect(await printedBy(beforeSignIn, ask)).toBe("true\nnull UNAUTHENTICATED\n");
});

test("Apollo Client refreshes once after a revocation, for all that it had asked, and is answered", async () => {
  const { email, signIn, revoke, refreshes } = await someone("auth");
  const ask = `
    const options = { query: gql\`{ me { email } }\`, fetchPolicy: "no-cache", context: { queryDeduplication: false } };
    const ask = async () => (await client.query(options)).data.me.email;
    console.log(await Promise.all([ask(), ask(), ask()]));`;
  const emails = `[ '${email}', '${email}', '${email}' ]`;
  const printed = await printedBy(beforeSignIn, signIn, revoke, ask);
  expect(printed.replaceAll(/\s+/g, " ").trim()).toBe(emails);
  expect(await refreshes()).toBe(1);
});

test("urql, as the guide sets it up, is answered after a revocation, too", async () => {
  const { email, signIn, revoke, refreshes } = await someone("client");
  const use = `
    import { createClient } from "./auth-client.js";
    let kept = {};
    const client = createClient({ url: "http://localhost:4000/graphql", store: { read: () => kept, write: (next) => { kept = next; } } });
    ${signIn}
    ${revoke}
    console.log((await createUrql(client).query("{ me { email } }", {})).data.me.email);`;
  expect(await printedBy(urql, use)).toBe(`${email}\n`);
  expect(await refreshes()).toBe(1);
});

test("the guide's program registers, is answered, signs out, and is anonymous then", async () => {
  const printed = await printedBy(sample);
  expect(printed).toBe("{ data: { me: { email: 'grace.hopper@example.com' } } }\nUNAUTHENTICATED\n");
});

/** What a browser has, as far as the guide's program needs it. */
const browserParts = `
  const items = new Map();
  globalThis.localStorage = { getItem: (name) => items.get(name) ?? null, setItem: (name, value) => items.set(name, value) };
  Object.defineProperty(globalThis, "navigator", { value: { locks: { request: (_name, work) => work() } } });
  const { fetch: bareFetch } = globalThis;
  let cookie = "";
  globalThis.fetch = async (url, init) => {
    const headers = new Headers(init.headers);
    if (init.credentials === "include") headers.set("cookie", cookie);
    const response = await bareFetch(url, { ...init, headers });
    for (const each of response.headers.getSetCookie()) cookie = each.split(";")[0];
    return response;
  };
  const { createClient } = await import("./auth-client.js");`;

test("the guide's program for browsers is signed in after a reload by its cookie alone, and stores no token", async () => {
  const { email } = (await gateway.register()).user;
  const use = `
    const ask = async (page) => (await page.call("{ me { email } }")).data.me?.email;
    console.log(await ask(client));
    await signIn("${email}", "${PASSWORD}");
    console.log(await ask(client), [...items.values()].join());
    console.log(await ask(createClient({ url: "https://auth.example.com/graphql", store })));
    await client.signOut();
    console.log(await ask(client), [...items.values()].join());`;
  expect(await printedBy(browserParts, browser, use)).toBe(`undefined\n${email} {"refreshToken":null}\n${email}\nundefined {}\n`);
});
