import type { ClientInfo } from "../../../core/client-info.ts";
import { AuthError } from "../../../core/errors.ts";
import { badInput } from "../../../core/input-problems.ts";
import type { Transaction } from "../../../database/database.ts";
import type { OneTimeToken, OneTimeTokens } from "../../one-time/one-time-tokens.ts";
import { UNUSABLE_PASSWORD_HASH } from "../../passwords/password-hash.ts";
import type { EndSessions } from "../../sessions/ending/end-sessions.ts";
import { changeAccount } from "../../users/account-store.ts";
import { type EmailAddress, readEmailAddress } from "../../users/email-addresses.ts";
import type { Transact, UnitOfWork } from "../../work/unit-of-work.ts";
import type { SendReset } from "../password/reset-messages.ts";
import { type AddressedAccount, lockAccountOfAddress, lockAddressedAccount, markEmailVerified } from "./proof-store.ts";

/** As typed: either the token, or the address, the code, and what the request for it answered. */
export interface EmailProof {
  readonly token?: string | undefined;
  readonly email?: string | undefined;
  readonly code?: string | undefined;
  readonly attempt?: string | undefined;
}

/**
 * Marks the address as proven, and answers it. Whoever reads the mail of an address takes the account: where several have registered with
 * it, every session ends, none of their passwords counts, and a link to set one is sent. Throws BAD_USER_INPUT, or INVALID_ONE_TIME_TOKEN
 * for whatever is wrong.
 */
export type VerifyEmail = (proof: EmailProof, client: ClientInfo) => Promise<string>;

interface ReadCode {
  readonly token?: never;
  readonly email: EmailAddress;
  readonly code: string;
  readonly attempt: string;
}

type ReadProof = { readonly token: string } | ReadCode;

interface Found {
  readonly account: AddressedAccount | undefined;
  readonly token: OneTimeToken | undefined;
}

export interface VerifyEmailParts {
  readonly oneTimeTokens: OneTimeTokens;
  readonly sendReset: SendReset;
  readonly endSessions: EndSessions;
  readonly transact: Transact;
}

const PURPOSE = "VERIFY_EMAIL";

export function createVerifyEmail(parts: VerifyEmailParts): VerifyEmail {
  const { oneTimeTokens, transact } = parts;

  async function takeByToken(tx: Transaction, text: string): Promise<Found> {
    const found = await oneTimeTokens.find(tx, PURPOSE, text);
    const account = found && (await lockAddressedAccount(tx, found.userId));
    return { account, token: found && (await oneTimeTokens.take(tx, PURPOSE, text)) };
  }

  async function takeByCode(tx: Transaction, { email, code, attempt }: ReadCode): Promise<Found> {
    const account = await lockAccountOfAddress(tx, email.key);
    const subject = account?.emailVerified === false ? { userId: account.id } : { emailKey: email.key };
    return { account, token: await oneTimeTokens.takeByCode(tx, { purpose: PURPOSE, subject, code, attempt }) };
  }

  return async (proof, client) => {
    const read = readProof(proof);
    const email = await transact(client, async (unit) => {
      const { tx, record } = unit;
      const { account, token } = await (read.token === undefined ? takeByCode(tx, read) : takeByToken(tx, read.token));
      if (account !== undefined && token?.proves?.emailKey === account.emailKey) return accept(unit, { account, token, parts });
      await record({ type: "EMAIL_VERIFIED", userId: account?.id ?? null, succeeded: false });
      return undefined;
    });
    if (email === undefined) throw new AuthError("INVALID_ONE_TIME_TOKEN", {});
    return email;
  };
}

interface Proven {
  readonly account: AddressedAccount;
  readonly token: OneTimeToken;
  readonly parts: VerifyEmailParts;
}

/** Where several have registered, none of their passwords counts: whoever reads the mail sets one. The address. */
async function accept(unit: UnitOfWork, { account, token, parts }: Proven): Promise<string> {
  const { tx, record } = unit;
  const about = { type: "EMAIL_VERIFIED", userId: account.id, actorId: account.id } as const;
  if (!token.isContested) {
    await markEmailVerified(tx, account);
    await record(about);
    return account.email;
  }
  const passwordHash = UNUSABLE_PASSWORD_HASH;
  const changed = await changeAccount(tx, account.id, { passwordHash, emailVerified: true });
  await parts.oneTimeTokens.drop(tx, account.id, ["RESET_PASSWORD", "CHANGE_EMAIL"]);
  const all = { account: changed, actorId: account.id, endReason: "ADDRESS_PROVEN" } as const;
  const endedSessions = await parts.endSessions.end(unit, all);
  await parts.sendReset(unit, { address: account.email, key: account.emailKey }, { ...account, passwordHash });
  await record({ ...about, detail: { passwordReplaced: true, endedSessions } });
  return account.email;
}

function readProof({ token, email, code, attempt }: EmailProof): ReadProof {
  if (token !== undefined && email === undefined && code === undefined) return { token };
  if (token !== undefined || email === undefined || code === undefined || attempt === undefined) {
    throw badInput({ token: "Give either the token of the link, or e-mail, code and attempt." });
  }
  const address = readEmailAddress(email);
  if (address.email === undefined) throw badInput({ email: address.problem });
  return { email: address.email, code, attempt };
}
