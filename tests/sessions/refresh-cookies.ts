import { expect } from "vitest";
import { type AuthFieldsFragment, RegisterDocument } from "../generated/operations.ts";
import { dataOf, type SendOptions } from "../support/client.ts";
import type { TestGateway } from "../support/gateway.ts";
import { newEmail, PASSWORD } from "../support/sign-in.ts";

export const NAME = "__Host-refresh_token";

export interface Cookie {
  readonly value: string;
  readonly attributes: Readonly<Record<string, string | true>>;
}

/** The one cookie that an answer sets, if any. */
export function cookieOf({ headers }: { headers: Headers }): Cookie | undefined {
  const cookies = headers.getSetCookie();
  expect(cookies.length).toBeLessThanOrEqual(1);
  if (cookies[0] === undefined) return undefined;
  const [pair = "", ...attributes] = cookies[0].split("; ");
  expect(pair.slice(0, pair.indexOf("="))).toBe(NAME);
  const entries = attributes.map((attribute) => attribute.split("=") as [string, string?]);
  return {
    value: pair.slice(pair.indexOf("=") + 1),
    attributes: Object.fromEntries(entries.map(([name, value]) => [name, value ?? true])),
  };
}

export function sending(cookie: string, options: SendOptions = {}): SendOptions {
  return { ...options, headers: { cookie: `theme=dark; ${NAME}=${cookie}`, ...options.headers } };
}

/** A new user with the cookie of the first session. */
export async function signUpAt(gateway: TestGateway): Promise<AuthFieldsFragment & { cookie: string; attributes: Cookie["attributes"] }> {
  const reply = await gateway.send(RegisterDocument, { input: { email: newEmail(), password: PASSWORD } });
  const cookie = cookieOf(reply);
  return { ...dataOf(reply).register, cookie: cookie?.value ?? "", attributes: cookie?.attributes ?? {} };
}
