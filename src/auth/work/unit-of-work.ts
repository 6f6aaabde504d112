import type { ClientInfo } from "../../core/client-info.ts";
import type { Clock } from "../../core/clock.ts";
import type { Database, Transaction } from "../../database/database.ts";
import type { Outbox } from "../../outbox/outbox.ts";
import type { NewMessage } from "../../outbox/outbox-messages.ts";
import type { Audit, AuditFacts } from "../audit/audit.ts";
import type { AuditEvent } from "../audit/audit-events.ts";
import type { Revocation } from "../revocations/revocation.ts";
import { insertRevocation } from "../revocations/revocation-store.ts";

/** One transaction, and what it writes besides the rows that it is about. All of it is committed together, or none of it. */
export interface UnitOfWork {
  readonly tx: Transaction;
  /** Writes audit events, and what other servers are told of them. The log has them after the commit. */
  record(facts: AuditFacts | readonly AuditFacts[]): Promise<void>;
  /** Writes a revocation, which every process reads once it is committed. This process refuses the access tokens as soon as it is. */
  revoke(revocation: Revocation): Promise<void>;
  /** Writes a message for the courier. */
  send(message: NewMessage): Promise<void>;
}

/**
 * Does work in one transaction. Resolves with what `work` returns, once the transaction is committed, what it revoked is refused in this
 * process and, after that, what it recorded is in the log.
 *
 * Rejects with what `work` throws, or with the error of the database: then the transaction is rolled back, and nothing is refused or
 * logged. An outcome that has to be committed, such as a wrong code that counts as a try, is therefore returned, and thrown by the caller
 * afterwards.
 *
 * What is committed stays so, whatever follows. Where the log throws, `transact` rejects with that, and what was revoked is refused by
 * then. Where the process dies before it comes to either, or never learns that the commit succeeded, the rows count: the other processes
 * read the revocation from its table, and so does this one, by the feed or at its next start. Only the lines of the log are missing then.
 *
 * The rotation of a refresh token and a login do without, because a transaction would cost each of them several round trips: of rotations
 * many are written by one statement, and a login is one statement. They write their own audit event, revoke nothing, and share with this
 * what follows a commit, `Audit.announce`. What writes no event, message or revocation has plain transactions: beginning an erasure, its
 * batches, and the purge.
 */
export type Transact = <Result>(client: ClientInfo, work: (unit: UnitOfWork) => Promise<Result>) => Promise<Result>;

export interface TransactParts {
  readonly database: Database;
  readonly audit: Pick<Audit, "write" | "announce">;
  readonly outbox: Pick<Outbox, "add">;
  readonly clock: Clock;
  /** Refuses access tokens in this process. Does nothing in one that serves nobody. */
  readonly apply: (revocation: Revocation) => void;
}

export function createTransact({ database, audit, outbox, clock, apply }: TransactParts): Transact {
  return async (client, work) => {
    const done = await database.transaction(async (tx) => {
      const revoked: Revocation[] = [];
      const recorded: AuditEvent[] = [];
      const result = await work({
        tx,
        async record(facts) {
          // One by one: there may be more than fit on the stack as arguments.
          for (const event of await audit.write(tx, [facts].flat(), client)) recorded.push(event);
        },
        async revoke(revocation) {
          await insertRevocation(tx, revocation, clock());
          revoked.push(revocation);
        },
        send: (message) => outbox.add(tx, [message]),
      });
      return { result, revoked, recorded };
    });
    for (const revocation of done.revoked) apply(revocation);
    for (const event of done.recorded) audit.announce(event);
    return done.result;
  };
}
