import type { ClientInfo } from "../../../core/client-info.ts";
import type { Clock } from "../../../core/clock.ts";
import { AuthError } from "../../../core/errors.ts";
import type { MailTemplate } from "../../../outbox/mail-templates.ts";
import type { Audit } from "../../audit/audit.ts";
import type { Revocable } from "../../revocations/revocation.ts";
import type { Session } from "../../sessions/session-state.ts";
import type { Account, AccountStore } from "../../users/account-store.ts";
import { bindToVersion } from "../email-change/bind-to-version.ts";
import type { ExportStore, SentMessage } from "./export-store.ts";

/** Everything that is kept of a user but the audit trail, which is read in pages. What is a function is fetched when it is called. */
export interface AccountExport {
  readonly exportedAt: Date;
  readonly account: Account;
  /** Newest first, ended ones included; at most 10,000. */
  sessions(): Promise<Session[]>;
  /** Newest first; at most 10,000. */
  messages(): Promise<SentMessage[]>;
  /** An address that has been asked for and not been confirmed yet, whether or not it can be had. */
  pendingEmail(): Promise<string | undefined>;
}

/** That there was an export is audited. Throws UNAUTHENTICATED where the account has gone. */
export type ExportAccount = (viewer: Revocable, client: ClientInfo) => Promise<AccountExport>;

export interface ExportAccountParts {
  readonly store: Pick<AccountStore, "findAccount">;
  readonly exportStore: ExportStore;
  readonly audit: Pick<Audit, "record">;
  readonly clock: Clock;
}

/** Nobody has as many; a script that signs in over and over has, and what is kept of it must not fill the memory. */
const MAXIMUM_LISTED = 10_000;

export function createExportAccount({ store, exportStore, audit, clock }: ExportAccountParts): ExportAccount {
  return async ({ userId, sessionId }, client) => {
    const account = await store.findAccount(userId);
    if (account === undefined) throw new AuthError("UNAUTHENTICATED", { reason: "revoked" });
    await audit.record({ type: "ACCOUNT_EXPORTED", userId, actorId: userId, sessionId }, client);
    const exportedAt = clock();
    return {
      exportedAt,
      account,
      sessions: () => exportStore.findSessions(userId, MAXIMUM_LISTED),
      messages: async () => (await exportStore.findMessages(userId, MAXIMUM_LISTED)).map(withoutVerdict),
      async pendingEmail() {
        const pending = await exportStore.findPendingEmailChange(userId, exportedAt);
        return pending?.boundTo?.equals(bindToVersion(account)) === true ? pending.email : undefined;
      },
    };
  };
}

const [taken, free]: readonly [MailTemplate, MailTemplate] = ["address_in_use", "confirm_email_change"];

/** Whether an address that was asked for is another account's is for its reader alone to know. */
function withoutVerdict(message: SentMessage): SentMessage {
  return message.topic === taken ? { ...message, topic: free } : message;
}
