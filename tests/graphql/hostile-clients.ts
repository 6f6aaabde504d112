import { afterAll, beforeAll, expect } from "vitest";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";

/** Stands for whatever must come back in no answer and no log line. */
export const MARKER = "hunter2-marker";

export const SECRET = `${MARKER} by the sea`;

export const registerMutation = "mutation($input: RegisterInput!) { register(input: $input) { user { id roles emailVerified } } }";

export const loginMutation = "mutation($input: LoginInput!) { login(input: $input) { user { id } } }";

export interface Answer {
  readonly status: number;
  readonly text: string;
}

/** JSON as written, because `JSON.stringify` cannot write a `__proto__` or a lone surrogate. */
export function body(query: string, variables: string): string {
  return `{"query":${JSON.stringify(query)},"variables":${variables}}`;
}

/** A gateway, and what is expected of it whatever it is sent. */
export function serveHostileClients() {
  let gateway: TestGateway;

  beforeAll(async () => {
    gateway = await startTestGateway();
  });

  afterAll(() => gateway.close());

  async function countRows(): Promise<unknown> {
    const [counts] = await gateway.database.sql`select (select count(*)::int from users) as users,
      (select count(*)::int from sessions) as sessions, (select count(*)::int from audit_events) as audit_events`;
    return counts;
  }

  /** A 4xx or a partial answer whose every error is in GraphQL's shape; nothing of ours failed, nothing was echoed, logged or kept. */
  async function refusal<Got extends Answer>(send: () => Promise<Got>): Promise<Got> {
    const rowsBefore = await countRows();
    const linesBefore = gateway.logs.length;
    const answer = await send();
    const { errors } = JSON.parse(answer.text);
    expect(errors).not.toHaveLength(0);
    for (const error of errors) expect(error).toMatchObject({ message: expect.any(String), extensions: { code: expect.any(String) } });
    expect(errors.map((error: { extensions: { code: string } }) => error.extensions.code)).not.toContain("INTERNAL_SERVER_ERROR");
    expect(answer.status).toBeLessThan(500);
    expect(answer.text).not.toContain(MARKER);
    expect(gateway.logs.slice(linesBefore).map((line) => line.msg)).toEqual([]);
    expect(await countRows()).toEqual(rowsBefore);
    return answer;
  }

  async function expectAlive(): Promise<void> {
    const { user } = await gateway.register();
    expect(await gateway.login(user.email)).toMatchObject({ user: { id: user.id, roles: ["user"], emailVerified: false } });
  }

  async function fetchText(init: RequestInit, path = "/graphql"): Promise<Answer & { headers: Headers }> {
    const response = await fetch(`${gateway.url}${path}`, init);
    return { status: response.status, headers: response.headers, text: await response.text() };
  }

  function postBytes(bytes: Buffer): Promise<Answer> {
    return fetchText({ method: "POST", headers: { "content-type": "application/json" }, body: new Uint8Array(bytes) });
  }

  return {
    get gateway() {
      return gateway;
    },
    refusal,
    expectAlive,
    fetchText,
    postBytes,
  };
}
