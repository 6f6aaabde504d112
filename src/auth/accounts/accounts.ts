import type { Audit } from "../audit/audit.ts";
import type { Clock } from "../clock.ts";
import { AuthError } from "../errors.ts";
import type { Origin } from "../origin.ts";
import { type CommonPasswords, newPasswordProblem, readPassword } from "../passwords/password-policy.ts";
import type { Passwords } from "../passwords/passwords.ts";
import type { Random } from "../random.ts";
import type { HeldSession, Sessions } from "../sessions/sessions.ts";
import { type Account, type AccountStore, type AccountWithPassword, insertAccount, recordSignIn } from "./account-store.ts";
import { type EmailAddress, readEmailAddress } from "./email-addresses.ts";

/** As typed. */
export interface Credentials {
  readonly email: string;
  readonly password: string;
}

export interface Accounts {
  /** Creates a user and opens the first session. Throws BAD_USER_INPUT or EMAIL_TAKEN. */
  register(credentials: Credentials, origin: Origin): Promise<HeldSession>;
  /** Opens a session. Throws BAD_USER_INPUT, or INVALID_CREDENTIALS after the same work whatever was wrong. */
  login(credentials: Credentials, origin: Origin): Promise<HeldSession>;
  find(id: string): Promise<Account | undefined>;
}

export interface AccountParts {
  readonly store: AccountStore;
  readonly passwords: Passwords;
  readonly commonPasswords: CommonPasswords;
  readonly sessions: Sessions;
  readonly audit: Audit;
  readonly clock: Clock;
  readonly random: Random;
}

export function createAccounts(parts: AccountParts): Accounts {
  const { store, passwords, commonPasswords, sessions, audit, clock, random } = parts;

  function newAccount(email: EmailAddress, passwordHash: string): AccountWithPassword & { emailKey: string } {
    const now = clock();
    return {
      id: random.id(now),
      email: email.address,
      emailKey: email.key,
      emailVerified: false,
      passwordHash,
      roles: ["user"],
      status: "ACTIVE",
      version: 1,
      createdAt: now,
      lastLoginAt: now,
    };
  }

  async function refuseLogin(account: Account | undefined, origin: Origin): Promise<never> {
    const reason = account === undefined ? "unknown_address" : account.status === "ACTIVE" ? "wrong_password" : "disabled";
    await audit.transaction(origin, (_tx, record) =>
      record({ type: "LOGIN_FAILED", userId: account?.id ?? null, succeeded: false, detail: { reason } }),
    );
    throw new AuthError("INVALID_CREDENTIALS", {});
  }

  return {
    async register(credentials, origin) {
      const { email, password } = readNewCredentials(credentials, commonPasswords);
      if ((await store.findAccountForSignIn(email.key)) !== undefined) throw new AuthError("EMAIL_TAKEN", {});
      const account = newAccount(email, await passwords.hash(password));
      const held = await audit.transaction(origin, async (tx, record) => {
        if (!(await insertAccount(tx, account))) return undefined;
        const opened = await sessions.open(tx, account, origin);
        await record({ type: "REGISTERED", userId: account.id, actorId: account.id, sessionId: opened.session.id });
        return opened;
      });
      if (held === undefined) throw new AuthError("EMAIL_TAKEN", {});
      return held;
    },
    async login(credentials, origin) {
      const { email, password } = readCredentials(credentials);
      const known = await store.findAccountForSignIn(email.key);
      const fits = await passwords.verify(known?.passwordHash, password);
      if (known === undefined || !fits || known.status !== "ACTIVE") return refuseLogin(known, origin);
      const held = await audit.transaction(origin, async (tx, record) => {
        const account = await recordSignIn(tx, { id: known.id, passwordHash: known.passwordHash, at: clock() });
        if (account === undefined) return undefined;
        const opened = await sessions.open(tx, account, origin);
        await record({ type: "LOGIN_SUCCEEDED", userId: account.id, actorId: account.id, sessionId: opened.session.id });
        return opened;
      });
      // Disabled, or another password, since it was verified.
      return held ?? refuseLogin(known, origin);
    },
    find: (id) => store.findAccount(id),
  };
}

function readCredentials(credentials: Credentials): { email: EmailAddress; password: string } {
  const { email, problem: emailProblem } = readEmailAddress(credentials.email);
  const { password, problem: passwordProblem } = readPassword(credentials.password);
  if (email === undefined || password === undefined) throw badInput({ email: emailProblem, password: passwordProblem });
  return { email, password };
}

/** Both fields are judged before anything is said, so that a form can show every problem at once. */
function readNewCredentials(credentials: Credentials, common: CommonPasswords): { email: EmailAddress; password: string } {
  const { email, problem: emailProblem } = readEmailAddress(credentials.email);
  const { password, problem } = readPassword(credentials.password);
  const passwordProblem = problem ?? (password === undefined ? undefined : newPasswordProblem(password, email, common));
  if (email === undefined || password === undefined || passwordProblem !== undefined) {
    throw badInput({ email: emailProblem, password: passwordProblem });
  }
  return { email, password };
}

function badInput(problems: Record<string, string | undefined>): AuthError<"BAD_USER_INPUT"> {
  const known = Object.entries(problems).flatMap(([field, problem]) => (problem === undefined ? [] : [[field, [problem]]]));
  return new AuthError("BAD_USER_INPUT", { fields: Object.fromEntries(known) });
}
