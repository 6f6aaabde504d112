import type { ClientInfo } from "../../../core/client-info.ts";
import type { Clock } from "../../../core/clock.ts";
import { noMail } from "../../../core/errors.ts";
import { badInput } from "../../../core/input-problems.ts";
import type { MailContent } from "../../../outbox/mail-templates.ts";
import type { IssuedToken, OneTimeTokens } from "../../one-time/one-time-tokens.ts";
import type { Revocable } from "../../revocations/revocation.ts";
import { lockViewer } from "../../sessions/lock-viewer.ts";
import type { AccountOptions } from "../../users/account-options.ts";
import type { Account } from "../../users/account-store.ts";
import { isAddressTaken } from "../../users/email-address-store.ts";
import { type EmailAddress, readEmailAddress, readNewEmailAddress } from "../../users/email-addresses.ts";
import type { Transact } from "../../work/unit-of-work.ts";
import type { RequireFreshLogin } from "../password/fresh-login.ts";
import { bindToVersion } from "./bind-to-version.ts";

/** As typed. */
export interface WantedEmailChange {
  readonly newEmail: string;
  readonly password: string | undefined;
}

/**
 * Sends a link and a code to the new address, which replace those of an earlier request. To an address that is another account's, or that
 * one can go back to, goes word of that instead: nothing else tells the caller, or anybody else, which it was. Throws BAD_USER_INPUT, what
 * `RequireFreshLogin` throws, UNAUTHENTICATED, and SERVICE_UNAVAILABLE where no mail can be sent.
 */
export type RequestEmailChange = (change: WantedEmailChange, viewer: Revocable, client: ClientInfo) => Promise<void>;

export interface RequestEmailChangeParts {
  readonly requireFreshLogin: RequireFreshLogin;
  readonly oneTimeTokens: OneTimeTokens;
  readonly transact: Transact;
  readonly clock: Clock;
  readonly options: AccountOptions;
}

const CHANGE_SECONDS = 86_400;

export function createRequestEmailChange(parts: RequestEmailChangeParts): RequestEmailChange {
  const { requireFreshLogin, oneTimeTokens, transact, clock, options } = parts;

  return async ({ newEmail, password }, viewer, client) => {
    const { email, problem } = readNewEmailAddress(newEmail);
    if (email === undefined) throw badInput({ newEmail: problem });
    if (!options.canMail) throw noMail();
    await requireFreshLogin({ viewer, password, client, event: "EMAIL_CHANGE_REQUESTED" });
    await transact(client, async ({ tx, record, send }) => {
      const account = await lockViewer(tx, viewer);
      refuseSame(account, email);
      const { id } = account;
      const isTaken = await isAddressTaken(tx, { emailKey: email.key, userId: id, now: clock() });
      const proves = { email: email.address, emailKey: email.key };
      const wanted = { purpose: "CHANGE_EMAIL", subject: { userId: id }, proves, ttlSeconds: CHANGE_SECONDS } as const;
      const issued = await oneTimeTokens.issue(tx, { ...wanted, boundTo: bindToVersion(account) });
      const content = isTaken ? addressInUse : confirmation(issued, options);
      await send({ channel: "email", to: email.address, content, userId: id, expiresAt: issued.expiresAt });
      await record({ type: "EMAIL_CHANGE_REQUESTED", userId: id, actorId: id, sessionId: viewer.sessionId });
    });
  };
}

const addressInUse: MailContent = { template: "address_in_use", facts: {} };

function confirmation({ token, code }: IssuedToken, { links }: AccountOptions): MailContent {
  return { template: "confirm_email_change", facts: { link: links.confirmEmailChange(token), code } };
}

function refuseSame(account: Account, email: EmailAddress): void {
  if (readEmailAddress(account.email).email?.key === email.key) throw badInput({ newEmail: "Is your address already." });
}
