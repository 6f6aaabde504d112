import { LoginDocument, RegisterDocument } from "../../tests/generated/operations.ts";
import { createClient, dataOf } from "../../tests/support/client.ts";

export interface BenchmarkUser {
  readonly id: string;
  readonly email: string;
  readonly password: string;
  /** Of the gateway. */
  readonly accessToken: string;
}

export interface Tokens {
  readonly accessToken: string;
  readonly refreshToken: string;
}

export async function registerUsers(url: string, count: number): Promise<BenchmarkUser[]> {
  const client = createClient(url);
  return inTurn(
    Array.from({ length: count }, (_, index) => index),
    async (index) => {
      const input = { email: `user-${index}@example.com`, password: `a long walk by the sea ${index}` };
      const { user, accessToken } = dataOf(await client.send(RegisterDocument, { input })).register;
      return { ...input, id: user.id, accessToken };
    },
  );
}

/** A session of the gateway. */
export async function logIn(url: string, { email, password }: BenchmarkUser): Promise<Tokens> {
  const { accessToken, refreshToken } = dataOf(await createClient(url).send(LoginDocument, { input: { email, password } })).login;
  return { accessToken, refreshToken: refreshToken ?? "" };
}

/** The session that an access token belongs to. */
export function sessionIdOf(accessToken: string): string {
  return JSON.parse(Buffer.from(accessToken.split(".")[1] ?? "", "base64url").toString()).sid;
}

/** A session of the bare peer, which has no passwords. */
export async function openPeerSession(url: string, { id, email }: BenchmarkUser): Promise<Tokens> {
  const query = "mutation($id: ID!, $email: String!) { open(id: $id, email: $email) { accessToken refreshToken } }";
  const { open } = dataOf(await createClient(url).post({ query, variables: { id, email } }));
  return open as Tokens;
}

/** One after the other: preparations must not look like an attack. */
export async function inTurn<Item, Result>(items: readonly Item[], work: (item: Item) => Promise<Result>): Promise<Result[]> {
  const results: Result[] = [];
  for (const item of items) results.push(await work(item));
  return results;
}
