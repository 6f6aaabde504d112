import { readEmailAddress } from "../../auth/users/email-addresses.ts";
import { isRecord } from "../../core/is-record.ts";

/** The text that arguments add to the key of a quota: none where no paths are given. No two lists of values have one text. */
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
  return path.split(".").reduce((value, name) => (isRecord(value) && Object.hasOwn(value, name) ? value[name] : undefined), args);
}

function normalise(value: unknown): unknown {
  if (typeof value !== "string") return value ?? null;
  return readEmailAddress(value).email?.key ?? value.trim().normalize("NFC").toLowerCase();
}
