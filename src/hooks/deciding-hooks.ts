import type { AccountHooks } from "../auth/accounts/registration/account-hooks.ts";
import { readCustomClaims } from "../auth/tokens/custom-claims.ts";
import type { Account } from "../auth/users/account-store.ts";
import { AuthError } from "../core/errors.ts";
import { callHook } from "./call-hook.ts";
import type { Hooks, HookUser } from "./hooks.ts";

export interface HookOptions {
  readonly timeoutMilliseconds: number;
  /** Called with problems for the operator; nobody else learns of them. */
  readonly onProblem: (problem: { readonly hook: keyof Hooks; readonly error: Error }) => void;
}

const MAXIMUM_REASON_LENGTH = 200;

type Verdict = { readonly refuse: string } | { readonly roles: readonly string[] };

/** The hooks that callers wait for. `grantable` are the roles that one of them may give. */
export function createDecidingHooks(hooks: Hooks, options: HookOptions & { readonly grantable: ReadonlySet<string> }): AccountHooks {
  async function ask<Result>(hook: keyof Hooks, call: () => unknown, read: (answer: unknown) => Result): Promise<Result> {
    try {
      return await callHook(call, read, options.timeoutMilliseconds);
    } catch (cause) {
      options.onProblem({ hook, error: cause as Error });
      throw new AuthError("SERVICE_UNAVAILABLE", {}, { cause });
    }
  }

  const { claims, beforeRegister } = hooks;
  return {
    ...(claims && { claims: (account) => ask("claims", () => claims(userOf(account)), readCustomClaims) }),
    ...(beforeRegister && {
      async beforeRegister({ email, emailKey, ipAddress, userAgent }) {
        const registration = Object.freeze({ email, emailKey, ipAddress, userAgent });
        const read = (answer: unknown) => readVerdict(answer, options.grantable);
        const verdict = await ask("beforeRegister", () => beforeRegister(registration), read);
        if ("refuse" in verdict) throw new AuthError("REGISTRATION_REFUSED", { reason: verdict.refuse });
        return ["user", ...verdict.roles];
      },
    }),
  };
}

/** The user as a copy of the hook's own, since a date cannot be frozen. */
function userOf({ id, email, emailVerified, roles, createdAt }: Account): HookUser {
  return Object.freeze({ id, email, emailVerified, roles: Object.freeze([...roles]), createdAt: new Date(createdAt) });
}

function readVerdict(answer: unknown, grantable: ReadonlySet<string>): Verdict {
  if (answer === undefined) return { roles: [] };
  if (typeof answer !== "object" || answer === null) throw new Error("A verdict must be undefined, { refuse } or { roles }.");
  // Looked at once: a getter may answer something else the next time.
  const { refuse, roles, ...others } = { ...answer } as Record<string, unknown>;
  if (Object.keys(others).length > 0 || (refuse === undefined) === (roles === undefined)) {
    throw new Error("A verdict must be undefined, { refuse } or { roles }.");
  }
  return roles === undefined ? { refuse: readReason(refuse) } : { roles: readRoles(roles, grantable) };
}

function readReason(reason: unknown): string {
  const fits = typeof reason === "string" && reason.isWellFormed() && reason.trim() !== "" && reason.length <= MAXIMUM_REASON_LENGTH;
  if (fits) return reason;
  throw new Error(`The reason of a refusal must be a text of at most ${MAXIMUM_REASON_LENGTH} characters.`);
}

function readRoles(written: unknown, grantable: ReadonlySet<string>): readonly string[] {
  const roles: unknown[] = Array.isArray(written) ? [...written] : [undefined];
  const isGrantable = (role: unknown): role is string => typeof role === "string" && grantable.has(role);
  if (!roles.every(isGrantable)) throw new Error(`Roles must be a list of some of: ${[...grantable].join(", ")}.`);
  return [...new Set(roles)].filter((role) => role !== "user");
}
