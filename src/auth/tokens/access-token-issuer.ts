import jwt from "jsonwebtoken";
import { scopesOfRoles } from "../../core/permissions.ts";
import type { AccessTokenClaims } from "./access-token-claims.ts";
import type { AccessTokenOptions, AccessTokenParts, AccessTokens } from "./access-tokens.ts";

export function createIssuer(
  parts: Pick<AccessTokenParts, "keys" | "clock" | "random">,
  options: AccessTokenOptions,
): AccessTokens["issue"] {
  const { keys, clock, random } = parts;

  return (account, session, custom) => {
    const now = clock();
    const iat = Math.floor(now.getTime() / 1000);
    const exp = Math.min(iat + options.ttlSeconds, Math.floor(session.expiresAt.getTime() / 1000));
    const claims: AccessTokenClaims = {
      iss: options.issuer,
      sub: account.id,
      aud: options.audience,
      exp,
      iat,
      jti: random.id(now),
      sid: session.id,
      roles: account.roles,
      scope: scopesOfRoles(account.roles, options.roles).join(" "),
      email: account.email,
      // Claims of an earlier moment belong into a token of that moment: it is refused where the user has changed since.
      ver: Math.min(account.version, custom?.version ?? account.version),
      type: "access",
    };
    const { kid, algorithm, signingKey } = keys.signer();
    const payload = custom === undefined ? claims : { ...custom.values, ...claims };
    const token = jwt.sign(payload, signingKey, { algorithm, keyid: kid, header: { alg: algorithm, typ: "at+jwt" } });
    return { token, expiresInSeconds: exp - iat };
  };
}
