import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type ASTNode, Kind, type OperationDefinitionNode, parse, print } from "graphql";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { blocksOf, readDocument } from "../support/documents.ts";
import { ISSUER, startTestGateway, type TestGateway } from "../support/gateway.ts";
import { PASSWORD } from "../support/sign-in.ts";

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

describe("docs/guides/administration.md", () => {
  const blocks = blocksOf("docs/guides/administration.md");
  const textOf = (language: string) => blocks.flatMap((block) => (block.language === language ? [block.text] : [])).join("\n");
  const document = textOf("graphql");

  test("shows every operation that only admins may use", () => {
    const selections = parse(document)
      .definitions.filter(isOperation)
      .flatMap(({ selectionSet }) => selectionSet.selections);
    const shown = selections.flatMap((selection) => (selection.kind === Kind.FIELD ? [selection.name.value] : []));
    const roots = parse(readDocument("schema/auth.graphql")).definitions.flatMap((definition) =>
      definition.kind === Kind.OBJECT_TYPE_DEFINITION && ["Query", "Mutation", "Subscription"].includes(definition.name.value)
        ? (definition.fields ?? [])
        : [],
    );
    const guarded = roots.filter(({ directives }) => directives?.some(({ name }) => ["hasRole", "requiresScopes"].includes(name.value)));
    expect(guarded.length).toBeGreaterThan(9);
    expect(guarded.map(({ name }) => name.value).filter((name) => !shown.includes(name))).toEqual([]);
  });

  test("signs an admin in by what it shows for a shell, and asks for users", async () => {
    const { user } = await gateway.registerAdmin();
    const shell = blocks.find(({ language, text }) => language === "sh" && text.includes("access_token="))?.text ?? "";
    const here = shell
      .replaceAll("http://localhost:4000", gateway.url)
      .replace("admin@example.com", user.email)
      .replace("the password of that account", PASSWORD);
    const { stdout } = await promisify(execFile)("bash", ["-c", here]);
    expect(JSON.parse(stdout)).toMatchObject({ data: { users: { edges: [{ node: { email: user.email } }, expect.anything()] } } });
  });

  test("shows what an admin can do", async () => {
    const configured = await startTestGateway({ gatewayYaml: textOf("yaml") });
    const [{ accessToken: token }, { user, session }] = [await configured.registerAdmin(), await configured.register()];
    const operations = parse(document).definitions.filter(isOperation);
    expect(operations.length).toBeGreaterThan(9);
    const ofUser = { id: user.id, userId: user.id, actorId: user.id, emailOrId: user.email, search: user.email, reason: "a test" };
    for (const operation of operations) {
      const query = print(operation);
      const variables = pick(operation.name?.value === "WhyLoggedOut" ? { id: session.id } : ofUser, query);
      const { data, errors } = await configured.post({ query, variables }, { token });
      expect(errors, query).toEqual([]);
      expect(Object.values(data ?? { nothing: null }), query).not.toContain(null);
    }
    await configured.close();
  });
});

function isOperation(node: ASTNode): node is OperationDefinitionNode {
  return node.kind === Kind.OPERATION_DEFINITION;
}

function pick(variables: Record<string, string>, text: string): Record<string, string> {
  return Object.fromEntries(Object.entries(variables).filter(([name]) => text.includes(`$${name}:`)));
}
