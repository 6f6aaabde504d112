import type { Clock } from "../../core/clock.ts";
import type { Random } from "../../core/random.ts";
import type { Database } from "../../database/database.ts";
import type { Audit } from "../audit/audit.ts";
import type { OneTimeTokens } from "../one-time/one-time-tokens.ts";
import type { CommonPasswords } from "../passwords/password-policy.ts";
import type { Passwords } from "../passwords/passwords.ts";
import type { EndSessions } from "../sessions/ending/end-sessions.ts";
import type { Sessions } from "../sessions/sessions.ts";
import type { AskForClaims } from "../tokens/custom-claims.ts";
import type { AccountStore } from "../users/account-store.ts";
import type { Notices } from "../users/notices.ts";
import type { Transact } from "../work/unit-of-work.ts";
import type { AccountHooks } from "./registration/account-hooks.ts";

/** The parts from which the factories of this room are made. Each factory declares which of them it needs. */
export interface AccountParts {
  readonly database: Database;
  readonly store: AccountStore;
  readonly transact: Transact;
  /** For events without a change, such as a refused password; all others are recorded by a unit of work. */
  readonly audit: Pick<Audit, "record">;
  readonly sessions: Sessions;
  readonly endSessions: EndSessions;
  readonly oneTimeTokens: OneTimeTokens;
  readonly notices: Notices;
  readonly passwords: Passwords;
  readonly commonPasswords: CommonPasswords;
  readonly hooks: AccountHooks;
  readonly askForClaims: AskForClaims;
  readonly clock: Clock;
  readonly random: Random;
}
