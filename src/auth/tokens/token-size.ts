import { NIL } from "uuid";
import { StartupError } from "../../core/errors.ts";
import { MAXIMUM_TOKEN_LENGTH } from "./access-token-header.ts";
import type { AccessTokens } from "./access-tokens.ts";
import { MAXIMUM_CLAIMS_BYTES } from "./custom-claims.ts";

/** Throws a StartupError where somebody who has every role and as many claims as possible would get a token that nobody takes. */
export function checkTokenSize(issue: AccessTokens["issue"], { roles, now }: { roles: readonly string[]; now: Date }): void {
  const email = "a".repeat(254);
  const user = {
    id: NIL,
    email,
    emailVerified: true,
    roles,
    status: "ACTIVE",
    version: 2 ** 31,
    createdAt: now,
    lastLoginAt: now,
    erasureAt: null,
  } as const;
  const values = { c: "a".repeat(MAXIMUM_CLAIMS_BYTES - '{"c":""}'.length) };
  const { token } = issue(user, { id: NIL, expiresAt: now }, { values, version: user.version });
  if (token.length <= MAXIMUM_TOKEN_LENGTH) return;
  throw new StartupError(
    "The hook claims leaves no room for the roles and scopes of gateway.yaml: an access token with all of them would " +
      `have ${token.length} characters, of at most ${MAXIMUM_TOKEN_LENGTH}.`,
  );
}
