import { decodeProtectedHeader, errors, type JWTPayload, type JWTVerifyOptions, type JWTVerifyResult, jwtVerify } from "jose";
import type { Clock } from "../../../core/clock.ts";
import type { Anonymous, AnonymousReason } from "../../../core/permissions.ts";
import { leadsElsewhere } from "../../users/email-addresses.ts";
import { EARLY_SECONDS, LATE_SECONDS } from "../clock-tolerance.ts";
import type { IdentifiedCaller } from "../identified-caller.ts";
import { issuerPermissions } from "./issuer-permissions.ts";
import type { KeySet } from "./key-set.ts";
import type { OtherIssuer } from "./other-issuer.ts";
import type { RemoteKeys } from "./remote-keys.ts";

/** A token that was believed, and by which keys. */
export interface VerifiedIssuerToken {
  readonly caller: IdentifiedCaller;
  readonly keys: KeySet;
}

/** Verifies the access tokens of one other issuer. A bad token is an answer, never a throw. */
export type VerifyIssuerToken = (token: string) => Promise<VerifiedIssuerToken | Anonymous>;

/** The last instant that a `Date` knows. */
const END_OF_TIME = 8.64e15;
/**
 * Issuers that know RFC 9068 say `at+jwt`, the others `JWT` or nothing. Any other type is another kind of token (RFC 8725, section 3.11).
 */
const accessTokenType = /^(application\/)?(at\+)?jwt$/i;

export function createIssuerTokens(
  { keys, clock }: { keys: RemoteKeys; clock: Clock },
  { issuer, scopesByRole }: { issuer: OtherIssuer; scopesByRole: ReadonlyMap<string, readonly string[]> },
): VerifyIssuerToken {
  async function check(token: string, keySet: KeySet): Promise<VerifiedIssuerToken | Anonymous> {
    const { payload } = await verifyByAny(token, keySet, {
      issuer: issuer.issuer,
      algorithms: [...issuer.algorithms],
      // Of both ends of its time; the later one is judged again below, by less.
      clockTolerance: EARLY_SECONDS,
      currentDate: clock(),
      requiredClaims: ["sub", "exp"],
    });
    const problem = claimProblem(payload, issuer, clock());
    if (problem !== undefined) return { reason: problem };
    const caller = callerOf(payload, issuer, scopesByRole);
    return caller === undefined ? { reason: "malformed" } : { caller, keys: keySet };
  }

  /** A token that names a key that is not known has it looked for once more, and then only where there is something new. */
  async function checkByNewest(token: string, known: KeySet): Promise<VerifiedIssuerToken | Anonymous> {
    try {
      return await check(token, known);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) return { reason: reasonOf(error) };
    }
    const renewed = await keys.renewed();
    if (renewed === undefined) return { reason: "unverifiable" };
    if (renewed === known) return { reason: "unknown_key" };
    return check(token, renewed).catch((error: unknown) => ({ reason: reasonOf(error) }));
  }

  return async (token) => {
    const problem = headerProblem(token, issuer);
    if (problem !== undefined) return { reason: problem };
    const known = await keys.current();
    return known === undefined ? { reason: "unverifiable" } : checkByNewest(token, known);
  };
}

/** Several keys may have one name, such as one for each algorithm: all of them are tried, but no more than these. */
const MOST_KEYS = 8;

async function verifyByAny(token: string, keySet: KeySet, options: JWTVerifyOptions): Promise<JWTVerifyResult> {
  try {
    return await jwtVerify(token, keySet, options);
  } catch (error) {
    // Without a name, which of them is meant is anybody's guess.
    if (!(error instanceof errors.JWKSMultipleMatchingKeys) || decodeProtectedHeader(token).kid === undefined) throw error;
    return tryEach(error, token, options);
  }
}

async function tryEach(keys: errors.JWKSMultipleMatchingKeys, token: string, options: JWTVerifyOptions): Promise<JWTVerifyResult> {
  let tried = 0;
  for await (const key of keys) {
    tried += 1;
    if (tried > MOST_KEYS) break;
    try {
      return await jwtVerify(token, key, options);
    } catch (error) {
      if (!(error instanceof errors.JWSSignatureVerificationFailed)) throw error;
    }
  }
  throw new errors.JWSSignatureVerificationFailed();
}

function claimProblem(payload: JWTPayload, { audience, clients }: OtherIssuer, now: Date): AnonymousReason | undefined {
  const { aud, iat, exp, client_id: clientId, azp } = payload;
  const seconds = now.getTime() / 1000;
  if (exp !== undefined && exp + LATE_SECONDS <= seconds) return "expired";
  if (iat !== undefined && iat > seconds + EARLY_SECONDS) return "not_yet_valid";
  if (aud === undefined) return [clientId, azp].some((id) => typeof id === "string" && clients.has(id)) ? undefined : "wrong_audience";
  return audience !== undefined && [aud].flat().includes(audience) ? undefined : "wrong_audience";
}

/** What time changes. */
export function isOver({ expiresAt }: IdentifiedCaller, now: Date): boolean {
  return expiresAt.getTime() + LATE_SECONDS * 1000 <= now.getTime();
}

/** What can be told without a key. `jku`, `x5u`, `jwk` and `x5c` are not looked at: keys come from where the operator says. */
function headerProblem(token: string, issuer: OtherIssuer): AnonymousReason | undefined {
  try {
    const { alg, typ, crit } = decodeProtectedHeader(token);
    if (crit !== undefined) return "unsupported_critical_header";
    if (typeof alg !== "string") return "malformed";
    if (!issuer.algorithms.includes(alg)) return "wrong_algorithm";
    return typ === undefined || (typeof typ === "string" && accessTokenType.test(typ)) ? undefined : "not_an_access_token";
  } catch {
    return "malformed";
  }
}

function reasonOf(error: unknown): AnonymousReason {
  if (error instanceof errors.JWTExpired) return "expired";
  if (error instanceof errors.JWTClaimValidationFailed) return reasonOfClaim(error);
  if (error instanceof errors.JWSSignatureVerificationFailed) return "invalid_signature";
  if (error instanceof errors.JWTInvalid || error instanceof errors.JWSInvalid) return "malformed";
  // None of that name, several without one, or one that cannot be used: too short, say.
  return "unknown_key";
}

function reasonOfClaim({ claim, reason }: errors.JWTClaimValidationFailed): AnonymousReason {
  if (reason !== "check_failed") return "malformed";
  const reasons: Readonly<Record<string, AnonymousReason>> = { iss: "wrong_issuer", nbf: "not_yet_valid" };
  return reasons[claim] ?? "malformed";
}

function callerOf(
  payload: JWTPayload,
  issuer: OtherIssuer,
  scopesByRole: ReadonlyMap<string, readonly string[]>,
): IdentifiedCaller | undefined {
  const { sub, exp, email, email_verified: isVerified } = payload;
  if (typeof sub !== "string" || sub === "" || exp === undefined) return undefined;
  return {
    issuer: issuer.issuer,
    subject: sub,
    expiresAt: new Date(Math.min(exp * 1000, END_OF_TIME)),
    ...issuerPermissions(payload, issuer, scopesByRole),
    // An address that nobody checked would let one person be taken for another.
    ...(typeof email === "string" && isVerified === true && !leadsElsewhere(email) ? { email } : {}),
  };
}
