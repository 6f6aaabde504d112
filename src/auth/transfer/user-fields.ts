import { MAX, NIL } from "uuid";
import { isId } from "../../core/ids.ts";
import type { UserStatus } from "../users/account-store.ts";
import { readInstant } from "./instants.ts";
import { absent, type Reading } from "./line-members.ts";

/** All are undefined where the member is absent. */

export function readFlag(value: unknown): Reading<boolean | undefined> {
  if (value === absent) return { value: undefined };
  return typeof value === "boolean" ? { value } : { problem: "Must be true or false." };
}

export function readStatus(value: unknown): Reading<UserStatus | undefined> {
  if (value === absent) return { value: undefined };
  return value === "ACTIVE" || value === "DISABLED" ? { value } : { problem: "Must be ACTIVE or DISABLED." };
}

/** Each once. */
export function readRoleNames(value: unknown, known: ReadonlySet<string>): Reading<readonly string[] | undefined> {
  if (value === absent) return { value: undefined };
  if (!Array.isArray(value)) return { problem: "Must be a list of names." };
  const names = value.filter((name): name is string => typeof name === "string" && known.has(name));
  if (names.length === value.length) return { value: [...new Set(names)] };
  return { problem: `Must be among ${[...known].join(", ")}: gateway.yaml can have more.` };
}

/** As PostgreSQL spells it. */
export function readGivenId(value: unknown): Reading<string | undefined> {
  if (value === absent) return { value: undefined };
  const id = typeof value === "string" && isId(value) ? value.toLowerCase() : NIL;
  return id === NIL || id === MAX ? { problem: "Must be a UUID." } : { value: id };
}

export function readPast(value: unknown, now: Date): Reading<Date | undefined> {
  if (value === absent) return { value: undefined };
  const instant = typeof value === "string" ? readInstant(value) : undefined;
  if (instant === undefined) return { problem: "Must be a time such as 2024-05-17T09:30:00Z (RFC 3339)." };
  if (instant > now) return { problem: "Lies in the future." };
  // What the id of a user tells begins there.
  return instant.getTime() < 0 ? { problem: "Lies before 1970." } : { value: instant };
}
