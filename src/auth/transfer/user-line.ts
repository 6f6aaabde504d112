import { UNUSABLE_PASSWORD_HASH } from "../passwords/password-hash.ts";
import { readPasswordHash } from "../passwords/read-password-hash.ts";
import type { Account, AccountWithPassword, UserStatus } from "../users/account-store.ts";
import { ADMIN_ROLE } from "../users/admin-store.ts";
import { type EmailAddress, readEmailAddress } from "../users/email-addresses.ts";
import { absent, type FieldProblem, readMembers } from "./line-members.ts";
import { readFlag, readGivenId, readPast, readRoleNames, readStatus } from "./user-fields.ts";

/** A user as a line of a file tells of it: what export-users writes, and import-users reads. */
export interface UserLine {
  readonly email: EmailAddress;
  readonly emailVerified: boolean;
  readonly roles: readonly string[];
  readonly status: UserStatus;
  readonly passwordHash: string;
  /** Undefined: a new one. */
  readonly id: string | undefined;
  /** Undefined: now. */
  readonly createdAt: Date | undefined;
  readonly lastLoginAt: Date | null;
}

export type ReadUserLine =
  | { readonly user: UserLine; readonly problems?: never }
  | { readonly user?: never; readonly problems: readonly FieldProblem[] };

export interface LineRules {
  /** Those of the configuration. */
  readonly roles: ReadonlySet<string>;
  /** Whom another system called an admin need not be one here. */
  readonly admins: "allowed" | "refused";
  readonly now: Date;
}

const fields = ["id", "email", "emailVerified", "verified", "roles", "status", "createdAt", "lastLoginAt", "passwordHash"] as const;

/** Every problem of a line at once. No reason has anything of the line in it: reports are shown around, and hashes are secrets. */
export function readUserLine(text: string, rules: LineRules): ReadUserLine {
  const members = readMembers(text, fields);
  if (members.problem !== undefined) return { problems: [members.problem] };
  const { take, problems } = members;
  const email = take("email", readEmail);
  const [emailVerified, verified] = [take("emailVerified", readFlag), take("verified", readFlag)];
  const user = {
    emailVerified: emailVerified ?? verified ?? false,
    roles: take("roles", (value) => readRoles(value, rules)) ?? ["user"],
    status: take("status", readStatus) ?? "ACTIVE",
    passwordHash: take("passwordHash", readHash) ?? UNUSABLE_PASSWORD_HASH,
    id: take("id", readGivenId),
    createdAt: take("createdAt", (value) => readPast(value, rules.now)),
    lastLoginAt: take("lastLoginAt", (value) => readPast(value, rules.now)) ?? null,
  };
  if (emailVerified !== undefined && verified !== undefined)
    problems.push({ field: "verified", reason: "Is another name of emailVerified: give one of them." });
  return email === undefined || problems.length > 0 ? { problems } : { user: { ...user, email } };
}

/** A hash that nothing reads is left out: it is worth as much as none. */
export function printUserLine({ passwordHash, ...account }: ExportedUser): string {
  const { id, email, emailVerified, roles, status, createdAt, lastLoginAt } = account;
  const hash = readPasswordHash(passwordHash) === undefined ? null : passwordHash;
  return `${JSON.stringify({ id, email, emailVerified, roles, status, createdAt, lastLoginAt, passwordHash: hash })}\n`;
}

export type ExportedUser = Omit<Account, "version" | "erasureAt"> & Pick<AccountWithPassword, "passwordHash">;

function readEmail(value: unknown) {
  if (value === absent) return { problem: "Is missing." };
  if (typeof value !== "string") return { problem: "Must be a text." };
  const { email, problem } = readEmailAddress(value);
  return email === undefined ? { problem } : { value: email };
}

function readRoles(value: unknown, { roles, admins }: LineRules) {
  const { value: named, problem } = readRoleNames(value, roles);
  if (problem !== undefined) return { problem };
  if (admins === "refused" && named?.includes(ADMIN_ROLE)) return { problem: "Makes an admin, which was not allowed." };
  return { value: named };
}

function readHash(value: unknown) {
  if (value === absent) return { value: undefined };
  // PostgreSQL keeps neither U+0000 nor what is no Unicode, and a salt may have either.
  const isKept = typeof value === "string" && value.isWellFormed() && !value.includes("\0");
  if (isKept && readPasswordHash(value) !== undefined) return { value };
  return { problem: "Is no hash that can be verified: see docs/concepts/passwords.md for the forms, and for what would take too long." };
}
