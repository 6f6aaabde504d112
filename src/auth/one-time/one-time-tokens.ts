import { addSeconds, type Clock } from "../../core/clock.ts";
import type { Random } from "../../core/random.ts";
import type { Database, Transaction } from "../../database/database.ts";
import { createKeyedHashes, hashToken, newAttempt, newCode, newToken, readCode, readTokenUser } from "./one-time-secrets.ts";
import {
  countCodeTry,
  deleteOneTimeToken,
  deleteOneTimeTokensOf,
  expireOneTimeTokensOf,
  findAddressOfCode,
  findOneTimeToken,
  hasOpenCode,
  type OneTimePurpose,
  putOneTimeToken,
  takeOneTimeToken,
} from "./one-time-token-store.ts";

/** A user, or an address without account: rows are written for both, so that nobody can tell which it is. */
export type Subject = { readonly userId: string; readonly emailKey?: never } | { readonly userId?: never; readonly emailKey: string };

/** The address that the token proves. */
export interface ProvenAddress {
  readonly email: string;
  readonly emailKey: string;
}

export interface NewOneTimeToken {
  readonly purpose: OneTimePurpose;
  readonly subject: Subject;
  /** Left out without account. */
  readonly proves?: ProvenAddress;
  readonly ttlSeconds: number;
  /** SHA-256 of the password hash that it is about. */
  readonly boundTo?: Buffer;
  /** Somebody registers again with an address that nobody has proven. It stays so, whatever takes the place of this token. */
  readonly isContested?: boolean;
}

/** For a message, and nowhere else: neither can be read back. */
export interface IssuedToken {
  readonly token: string;
  /** Six digits. */
  readonly code: string;
  /** For the client that has asked, and for nobody else: without it the code is not good. */
  readonly attempt: string;
  readonly expiresAt: Date;
}

export interface WantedCode {
  readonly purpose: OneTimePurpose;
  readonly subject: Subject;
  /** As typed. */
  readonly code: string;
  /** What the client was given that has asked for the code. Absent where the subject is a user who is signed in: the session is that. */
  readonly attempt?: string;
}

/** A live token of a user. */
export interface OneTimeToken {
  readonly id: string;
  readonly userId: string;
  readonly proves: ProvenAddress | undefined;
  readonly boundTo: Buffer | null;
  /** Whether several have registered with the address. */
  readonly isContested: boolean;
  readonly createdAt: Date;
}

/** Proof by mail. Users are locked before their tokens, everywhere, so that nobody waits in a circle. */
export interface OneTimeTokens {
  /** Takes the place of the live one of the same purpose and subject; only undoing has several. To be called with the user locked. */
  issue(tx: Transaction, wanted: NewOneTimeToken): Promise<IssuedToken>;
  /** Whose it is, before anything is locked. Undefined for what is not live. */
  find(connection: Connection, purpose: OneTimePurpose, token: string): Promise<OneTimeToken | undefined>;
  /** Uses it up. Undefined where it is not live any more: somebody else was faster. */
  take(tx: Transaction, purpose: OneTimePurpose, token: string): Promise<OneTimeToken | undefined>;
  /** The same by code. A wrong one counts as one of its five tries, so the transaction has to commit. */
  takeByCode(tx: Transaction, wanted: WantedCode): Promise<OneTimeToken | undefined>;
  /**
   * Whether a code that comes with this attempt would be judged: somebody has asked for one at that address, got this attempt, and has
   * tries left. All else is no guess. Tells nothing of accounts: what is asked for is written without one, too.
   */
  isTry(database: Database, address: { readonly emailKey: string; readonly attempt: string }): Promise<boolean>;
  /** The key of the address that a user has asked for, and may still confirm by code; undefined where there is none. */
  findWantedAddress(database: Database, userId: string): Promise<string | undefined>;
  /** Of a user, unused. */
  drop(tx: Transaction, userId: string, purposes: readonly OneTimePurpose[]): Promise<void>;
  /** Void, but not forgotten: several may have registered with the address. */
  expire(tx: Transaction, userId: string, purposes: readonly OneTimePurpose[]): Promise<void>;
}

type Connection = Parameters<typeof findOneTimeToken>[0];

export interface OneTimeTokenParts {
  readonly clock: Clock;
  readonly random: Random;
  /** `SECRET`, newest first. */
  readonly secrets: readonly [string, ...string[]];
}

const TRIES_PER_CODE = 5;

export function createOneTimeTokens({ clock, random, secrets }: OneTimeTokenParts): OneTimeTokens {
  const hashes = createKeyedHashes(secrets);
  const idOf = ({ userId, emailKey }: Subject) => userId ?? hashes.subjectOf(emailKey);

  return {
    async issue(tx, { purpose, subject, proves, ttlSeconds, boundTo, isContested = false }) {
      const now = clock();
      const id = random.id(now);
      const userId = idOf(subject);
      const issued = {
        token: newToken(userId, random),
        code: newCode(random),
        attempt: newAttempt(random),
        expiresAt: addSeconds(now, ttlSeconds),
      };
      await putOneTimeToken(tx, {
        id,
        purpose,
        userId,
        hasAccount: subject.userId !== undefined,
        email: proves?.email ?? null,
        emailKey: proves?.emailKey ?? null,
        tokenHash: hashToken(issued.token),
        codeHash: hasCode.has(purpose) ? hashes.hashCode(issued.code, id) : null,
        attemptHash: hasCode.has(purpose) ? hashToken(issued.attempt) : null,
        codeTries: 0,
        boundTo: boundTo ?? null,
        isContested,
        createdAt: now,
        expiresAt: issued.expiresAt,
      });
      return issued;
    },
    async find(connection, purpose, token) {
      return toOneTimeToken(await findOneTimeToken(connection, { purpose, ...keyOf(token), now: clock() }));
    },
    async take(tx, purpose, token) {
      return toOneTimeToken(await takeOneTimeToken(tx, { purpose, ...keyOf(token), now: clock() }));
    },
    async takeByCode(tx, { purpose, subject, code: text, attempt }) {
      const attemptHash = attempt === undefined ? undefined : hashToken(attempt);
      const row = await countCodeTry(tx, { purpose, userId: idOf(subject), now: clock(), most: TRIES_PER_CODE, attemptHash });
      const code = readCode(text);
      if (row === undefined || row.codeHash === null || code === undefined || !hashes.codeFits(code, row.id, row.codeHash))
        return undefined;
      await deleteOneTimeToken(tx, row);
      return toOneTimeToken(row);
    },
    isTry: (database, { emailKey, attempt }) =>
      hasOpenCode(
        database,
        { emailKey, withoutAccount: hashes.subjectOf(emailKey) },
        { purpose: "VERIFY_EMAIL", now: clock(), most: TRIES_PER_CODE, attemptHash: hashToken(attempt) },
      ),
    findWantedAddress: (database, userId) =>
      findAddressOfCode(database, userId, { purpose: "CHANGE_EMAIL", now: clock(), most: TRIES_PER_CODE, attemptHash: undefined }),
    drop: deleteOneTimeTokensOf,
    expire: (tx, userId, purposes) => expireOneTimeTokensOf(tx, userId, { purposes, now: clock() }),
  };
}

function keyOf(token: string) {
  return { userId: readTokenUser(token), tokenHash: hashToken(token) };
}

/** What is typed on another device. A new password is not: whoever has a code of six digits may have guessed it. */
const hasCode: ReadonlySet<OneTimePurpose> = new Set(["VERIFY_EMAIL", "CHANGE_EMAIL"]);

/** That of an address without account proves nothing. */
function toOneTimeToken(row: Awaited<ReturnType<typeof findOneTimeToken>>): OneTimeToken | undefined {
  if (row?.hasAccount !== true) return undefined;
  const { id, userId, email, emailKey, boundTo, isContested, createdAt } = row;
  const proves = email === null || emailKey === null ? undefined : { email, emailKey };
  return { id, userId, proves, boundTo, isContested, createdAt };
}
