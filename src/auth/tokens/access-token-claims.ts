import type { AnonymousReason } from "../../core/permissions.ts";
import { EARLY_SECONDS, LATE_SECONDS } from "./clock-tolerance.ts";

/** The claims of our access tokens (RFC 9068, section 2.2, and ours), small on purpose. */
export interface AccessTokenClaims {
  readonly iss: string;
  /** The user's id. */
  readonly sub: string;
  readonly aud: string | readonly string[];
  /** Seconds since the epoch, as `iat` and `nbf`. */
  readonly exp: number;
  readonly iat: number;
  readonly nbf?: number;
  readonly jti: string;
  /** The session's id. */
  readonly sid: string;
  readonly roles: readonly string[];
  /** Scopes, separated by spaces (RFC 6749, section 3.3). */
  readonly scope: string;
  readonly email: string;
  /** The user's version when the token was issued. */
  readonly ver: number;
  readonly type: "access";
}

/** Undefined where a claim is missing or of the wrong type. `type` is judged by `checkClaims`. */
export function readClaims(payload: unknown): AccessTokenClaims | undefined {
  if (typeof payload !== "object" || payload === null) return undefined;
  const claims = payload as Record<string, unknown>;
  const hasStrings = ["iss", "sub", "jti", "sid", "scope", "email", "type"].every((name) => typeof claims[name] === "string");
  const hasNumbers = ["exp", "iat", "ver"].every((name) => Number.isFinite(claims[name]));
  const hasNotBefore = claims.nbf === undefined || Number.isFinite(claims.nbf);
  const hasAudience = typeof claims.aud === "string" || isStringList(claims.aud);
  const fits = hasStrings && hasNumbers && hasNotBefore && hasAudience && isStringList(claims.roles);
  return fits ? (payload as AccessTokenClaims) : undefined;
}

/** What is true of a token for ever: whom it is from and for, and what it is. */
export function checkClaims(claims: AccessTokenClaims, expected: { issuer: string; audience: string }): AnonymousReason | undefined {
  if (claims.type !== "access") return "not_an_access_token";
  if (claims.iss !== expected.issuer) return "wrong_issuer";
  return [claims.aud].flat().includes(expected.audience) ? undefined : "wrong_audience";
}

/** What time changes. */
export function checkLifetime(claims: AccessTokenClaims, now: Date): AnonymousReason | undefined {
  const seconds = now.getTime() / 1000;
  const latest = seconds + EARLY_SECONDS;
  if (claims.iat > latest || (claims.nbf !== undefined && claims.nbf > latest)) return "not_yet_valid";
  return claims.exp + LATE_SECONDS <= seconds ? "expired" : undefined;
}

function isStringList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}
