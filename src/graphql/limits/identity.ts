import { addressKey, callerKey } from "../../auth/limits/callers.ts";
import { readEmailAddress } from "../../auth/users/email-addresses.ts";
import { type RequestContext, viewerOf } from "../context.ts";

/** Whoever calls these is nobody yet, or claims to be: their address is what counts, also where they are signed in. */
const byAddress: ReadonlySet<string> = new Set([
  "Mutation.register",
  "Mutation.login",
  "Mutation.requestEmailVerification",
  "Mutation.verifyEmail",
  "Mutation.requestPasswordReset",
  "Mutation.resetPassword",
]);

/** Whose calls of a field are counted together. */
export function identifyCaller(coordinate: string, context: RequestContext): string {
  return byAddress.has(coordinate) ? addressKey(context.origin) : callerKey(viewerOf(context), context.origin);
}

export function countsByAddress(coordinate: string, context: RequestContext): boolean {
  return byAddress.has(coordinate) || viewerOf(context) === undefined;
}

/** What the arguments add to it: nothing where no paths are given. No two lists of values have one text. */
export function identifyArguments(paths: readonly string[], args: Readonly<Record<string, unknown>>): string {
  return paths.length === 0 ? "" : JSON.stringify(paths.map((path) => normalise(valueAt(args, path))));
}

/** The account that a call is about, whatever the spelling of its address; undefined for what can be nobody's address. */
export function accountKey(args: Readonly<Record<string, unknown>>, path: string = "input.email"): string | undefined {
  const address = valueAt(args, path);
  return typeof address === "string" ? readEmailAddress(address).email?.key : undefined;
}

/** That of an account's key. */
export function domainOf(emailKey: string | undefined): string | undefined {
  return emailKey?.slice(emailKey.lastIndexOf("@") + 1);
}

/** Whether a call gives one that is not null. */
export function givesArgument(args: Readonly<Record<string, unknown>>, path: string): boolean {
  return (valueAt(args, path) ?? null) !== null;
}

/** Whether a call gives one, be it null. */
export function hasArgument(args: Readonly<Record<string, unknown>>, path: string): boolean {
  return valueAt(args, path) !== undefined;
}

/** One that is text. */
export function textArgument(args: Readonly<Record<string, unknown>>, path: string): string | undefined {
  const value = valueAt(args, path);
  return typeof value === "string" ? value : undefined;
}

function valueAt(args: unknown, path: string): unknown {
  return path.split(".").reduce((value, name) => (isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined), args);
}

/** Or a list, whose members are its positions. */
function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

function normalise(value: unknown): unknown {
  if (typeof value !== "string") return value ?? null;
  return readEmailAddress(value).email?.key ?? value.trim().normalize("NFC").toLowerCase();
}
