import { noClient } from "../../core/client-info.ts";
import type { Clock } from "../../core/clock.ts";
import type { Random } from "../../core/random.ts";
import type { Database, Transaction } from "../../database/database.ts";
import { rolesChanged } from "../admin/new-admin.ts";
import type { AuditFacts } from "../audit/audit.ts";
import { ADMIN_ROLE, lockAdmins } from "../users/admin-store.ts";
import { insertAccounts, type NewAccount } from "../users/new-account-store.ts";
import type { Transact } from "../work/unit-of-work.ts";
import { separateRepeated } from "./import-lines.ts";
import { beginImport, type ImportState, moveImport } from "./import-store.ts";
import { type GoodLine, type LineBatch, readBatches } from "./line-batches.ts";
import { judgeAll, judgeRepeated, reviewBatch, type Settled, settle } from "./settle-lines.ts";
import { createTally, type Tally, type Watch } from "./tally.ts";
import type { LineRules } from "./user-line.ts";

/** A file of users. */
export interface UserFile {
  /** SHA-256 of its content, in hexadecimal: what it is known by. */
  readonly hash: string;
  /** Throws where the content is another one in the end. */
  readonly chunks: AsyncIterable<Buffer>;
}

export interface ImportParts {
  readonly database: Database;
  readonly transact: Transact;
  readonly clock: Clock;
  readonly random: Random;
}

export type ImportOptions = Omit<LineRules, "now">;

export type Imported =
  | { readonly kind: "done"; readonly tally: Tally; readonly before: ImportState }
  /** Nothing was done: this content has been imported to its end. */
  | { readonly kind: "finished_before"; readonly before: ImportState };

/** Another import of the same file has come on meanwhile; it goes on. */
export class OvertakenImportError extends Error {
  override readonly name = "OvertakenImportError";
}

/**
 * Makes users of the good lines of a file, a batch a transaction, which also keeps how far it came: whenever it is cut off, calling it
 * again goes on there. Lines that were dealt with before are judged again, so that every bad line of the file is told. Throws
 * OvertakenImportError.
 */
export type ImportUsers = (file: UserFile, watch: Watch) => Promise<Imported>;

export function createImportUsers(parts: ImportParts, options: ImportOptions): ImportUsers {
  const { database, clock } = parts;
  return async (file, watch) => {
    const before = await beginImport(database, file.hash, clock());
    if (before.finishedAt !== null) return { kind: "finished_before", before };
    const tally = createTally(watch);
    let fromLine = before.lastLine;
    for await (const batch of readBatches(file.chunks, { ...options, now: clock, stoppedAfter: before.lastLine })) {
      const isDone = !batch.isEnd && batch.lastLine <= before.lastLine;
      tally.add(
        batch,
        isDone
          ? await reviewBatch(database, batch, { fileHash: file.hash, now: clock() })
          : await importBatch(parts, batch, { fileHash: file.hash, fromLine }),
      );
      if (!isDone) fromLine = batch.lastLine;
    }
    return { kind: "done", tally: tally.current(), before };
  };
}

interface Place {
  readonly fileHash: string;
  readonly fromLine: number;
}

async function importBatch(parts: ImportParts, batch: LineBatch, place: Place): Promise<Settled> {
  const { transact, clock } = parts;
  return transact(noClient, async ({ tx, record }) => {
    const now = clock();
    const { first, repeated } = separateRepeated(batch.good);
    const drafts = first.map((line) => ({ line, account: draftAccount(line, now, parts.random) }));
    const inserted = await insertAll(
      tx,
      drafts.map(({ account }) => account),
      now,
    );
    const made = drafts.filter(({ account }) => inserted.has(account.id));
    await record(made.flatMap(({ line, account }) => eventsOf(account, { file: place.fileHash, line: line.number })));
    const left = drafts.filter(({ account }) => !inserted.has(account.id)).map(({ line }) => line);
    const verdicts = await judgeAll(tx, left, { fileHash: place.fileHash, now });
    const step = { ...place, toLine: batch.lastLine, imported: made.length, finishedAt: batch.isEnd ? now : null };
    if (!(await moveImport(tx, step))) throw new OvertakenImportError("Another import of the same file has come on meanwhile.");
    return settle([...verdicts, ...judgeRepeated(repeated, place.fileHash)], made.length);
  });
}

/** The ids of those that are there now. */
async function insertAll(tx: Transaction, accounts: readonly NewAccount[], now: Date): Promise<ReadonlySet<string>> {
  if (accounts.length === 0) return new Set();
  if (accounts.some(({ roles }) => roles.includes(ADMIN_ROLE))) await lockAdmins(tx);
  return insertAccounts(tx, accounts, now);
}

/** The id tells when the account was created, so that lists by id are lists by time. */
function draftAccount({ user }: GoodLine, now: Date, random: Random): NewAccount {
  const { email, createdAt = now, id = random.id(createdAt), ...facts } = user;
  return { ...facts, id, createdAt, email: email.address, emailKey: email.key, version: 1, erasureAt: null };
}

function eventsOf(account: NewAccount, origin: { file: string; line: number }): AuditFacts[] {
  const registered = { type: "REGISTERED", userId: account.id, detail: { by: "import", ...origin } } as const;
  return account.roles.includes(ADMIN_ROLE) ? [registered, rolesChanged(account, "import")] : [registered];
}
