import { getIntrospectionQuery } from "graphql";
import { describe, expect, test } from "vitest";
import { MeFromTokenDocument } from "../generated/operations.ts";
import { newEmail, PASSWORD } from "../support/sign-in.ts";
import { serveEnvironments, signedIn } from "./two-environments.ts";

const served = serveEnvironments();

describe("documents", () => {
  test.each([
    ['mutation { login(input: { email: "a@example.com", password: "hunter2" }) { accessToken } }'],
    ['mutation { refresh(input: { refreshToken: "hunter2" }) { accessToken } }'],
    ["mutation { logout { endedSessions } }"],
    ["mutation { logoutAll { endedSessions } }"],
    ['mutation { reauthenticate(accessToken: "hunter2") { id } logout { endedSessions } }'],
    ['mutation { ...A } fragment A on Mutation { b: reauthenticate(accessToken: "hunter2") { id } ... { logout { endedSessions } } }'],
    ["mutation { logout @skip(if: true) { endedSessions } }"],
  ])("no mutation but reauthenticate: %s", async (query) => {
    const socket = await signedIn(served.development);
    const { data, errors, text } = await socket.ask(query);
    expect(data).toBeUndefined();
    expect(errors).toHaveLength(1);
    expect(errors[0]?.extensions).toEqual({ code: "BAD_USER_INPUT", fields: { request: [expect.stringContaining("HTTP")] } });
    expect(text).not.toContain("hunter2");
    expect((await socket.ask(MeFromTokenDocument)).data?.me).not.toBeNull();
    socket.socket.close();
  });

  test("a registration over the socket registers nobody", async () => {
    const socket = await signedIn(served.development);
    const email = newEmail();
    await socket.ask(`mutation { register(input: { email: "${email}", password: "${PASSWORD}" }) { accessToken } }`);
    expect(await served.development.database.sql`select id from users where email = ${email}`).toEqual([]);
    socket.socket.close();
  });

  test.each([
    ["a syntax error", '{ me { id } "hunter2" ', {}, "GRAPHQL_PARSE_FAILED"],
    ["an unknown field", "{ nothing }", {}, "GRAPHQL_VALIDATION_FAILED"],
    ["a literal that does not fit", 'mutation { reauthenticate(accessToken: { a: "hunter2" }) { id } }', {}, "GRAPHQL_VALIDATION_FAILED"],
    [
      "a variable that does not fit",
      "mutation ($a: String!) { reauthenticate(accessToken: $a) { id } }",
      { a: ["hunter2"] },
      "BAD_USER_INPUT",
    ],
    ["no operation", "fragment A on Query { me { id } }", {}, "GRAPHQL_VALIDATION_FAILED"],
    ["several operations", "query A { me { id } } query B { me { id } }", {}, "OPERATION_RESOLUTION_FAILURE"],
    ["a subscription that is skipped", "subscription { sessionEvents @skip(if: true) { type } }", {}, "BAD_USER_INPUT"],
    ["a subscription to nothing", "subscription { __typename }", {}, "GRAPHQL_VALIDATION_FAILED"],
    ["a document without end", `{ ${"me { id } ".repeat(3000)} }`, {}, "GRAPHQL_PARSE_FAILED"],
    ["an unknown role", "{ users { totalCount } }", {}, "FORBIDDEN"],
  ])("%s: an error with a code and without values", async (_name, query, variables, code) => {
    const linesBefore = served.development.logs.length;
    const socket = await signedIn(served.development);
    const { errors, text } = await socket.ask(query, variables);
    expect(errors[0]?.extensions.code).toBe(code);
    expect(text).not.toMatch(/hunter2|stack|node_modules/);
    expect(served.development.logs.slice(linesBefore).filter(({ level }) => Number(level) >= 50)).toEqual([]);
    socket.socket.close();
  });

  test.each([getIntrospectionQuery(), '{ __type(name: "User") { name } }'])("no introspection in production (%#)", async (query) => {
    const socket = await signedIn(served.production);
    const { data, errors, text } = await socket.ask(query);
    expect(data).toBeUndefined();
    expect(errors[0]?.extensions.code).toBe("GRAPHQL_VALIDATION_FAILED");
    expect(text).not.toContain("RegisterInput");
    expect((await socket.ask("{ mee { id } }")).text).not.toMatch(/did you mean/i);
    socket.socket.close();
  });

  test("introspection and suggestions in development", async () => {
    const socket = await signedIn(served.development);
    expect((await socket.ask(getIntrospectionQuery())).text).toContain("RegisterInput");
    expect((await socket.ask("{ mee { id } }")).text).toMatch(/did you mean/i);
    socket.socket.close();
  });
});
