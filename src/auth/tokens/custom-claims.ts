import type { Account } from "../users/account-store.ts";

/** JSON under names that are not ours. */
export type CustomClaimValues = Readonly<Record<string, unknown>>;

/** What the operator adds to one user's access token. */
export interface CustomClaims {
  readonly values: CustomClaimValues;
  /** The user's when they were asked for: where it is another by the time that a token is issued, that token is refused. */
  readonly version: number;
}

/** Undefined where the operator adds nothing. */
export type AskForClaims = ((account: Account) => Promise<CustomClaims>) | undefined;

/** As JSON. Every request carries them. */
export const MAXIMUM_CLAIMS_BYTES = 1024;

/** RFC 7519 section 4.1, RFC 9068 section 2.2, what says how a token may be used, and what is ours, in identity tokens too. */
const taken: ReadonlySet<string> = new Set([
  ...["iss", "sub", "aud", "exp", "nbf", "iat", "jti"],
  ...["client_id", "auth_time", "acr", "amr", "act", "may_act", "cnf", "azp"],
  ...["sid", "idp", "roles", "scope", "email", "ver", "type"],
]);
/** What some readers of JSON take for more than a name, at any depth. */
const hazardous: ReadonlySet<string> = new Set(["__proto__", "constructor", "prototype"]);

/** What stands in a verified token beside what is ours. */
export function customClaimsOf(claims: object): CustomClaimValues {
  return Object.fromEntries(Object.entries(claims).filter(([name]) => !taken.has(name) && !hazardous.has(name)));
}

/** A copy of what the operator's code answers, as JSON has it. Throws an Error where it cannot be taken. */
export function readCustomClaims(answer: unknown): CustomClaimValues {
  if (!isPlainObject(answer)) throw new Error("Claims must be a plain object; {} for none.");
  const text = JSON.stringify(answer);
  if (typeof text !== "string") throw new Error("Claims must be JSON.");
  if (Buffer.byteLength(text) > MAXIMUM_CLAIMS_BYTES) throw new Error(`Claims must be at most ${MAXIMUM_CLAIMS_BYTES} bytes of JSON.`);
  const values: unknown = JSON.parse(text, (name, value) => {
    if (hazardous.has(name)) throw new Error("A claim, or a key within one, has a name that cannot be used.");
    return value;
  });
  if (!isPlainObject(values)) throw new Error("Claims must be a plain object; {} for none.");
  const clash = Object.keys(values).find((name) => taken.has(name));
  if (clash !== undefined) throw new Error(`Claims must not be named ${clash}: that name is taken.`);
  return values;
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}
