import { addSeconds, type Clock } from "../../../core/clock.ts";
import type { AskForClaims } from "../../tokens/custom-claims.ts";
import { hashSecret } from "../../tokens/refresh-tokens.ts";
import { readPresented } from "../presented-tokens.ts";
import type { SessionOptions, Sessions } from "../sessions.ts";
import { clientPrintOf } from "./client-prints.ts";
import type { FindRefreshingAccount } from "./refreshing-account-store.ts";

export interface ClaimParts {
  readonly findRefreshingAccount: FindRefreshingAccount;
  readonly askForClaims: NonNullable<AskForClaims>;
  readonly clock: Clock;
}

/**
 * Asks for the claims before the token is used: where the operator's code fails, it can be sent again. A token that would not refresh asks
 * nobody, so that strangers cannot keep that code busy, and a stolen token is noticed also while it fails.
 */
export function refreshWithClaims(refresh: Sessions["refresh"], parts: ClaimParts, options: SessionOptions): Sessions["refresh"] {
  const { findRefreshingAccount, askForClaims, clock } = parts;

  return async (request, client) => {
    const { token, retryHash } = readPresented(request);
    const now = clock();
    const account = await findRefreshingAccount({
      userId: token.userId,
      sessionId: token.sessionId,
      familyHash: hashSecret(token.familySecret),
      presentedHash: hashSecret(token.generationSecret),
      retryHash: retryHash ?? null,
      client: clientPrintOf(client),
      now,
      rotatedSince: addSeconds(now, -options.refreshGraceSeconds),
    });
    const ahead = account && (await askForClaims(account));
    const issued = await refresh(request, client);
    // It refreshes after all: the user was enabled between the two. Where this fails, the same token yields the same successor.
    return { ...issued, customClaims: ahead ?? (await askForClaims(issued.account)) };
  };
}
