import { createRemoteJWKSet, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from "jose";
import { IdentityError, type IdentityProblem } from "./identity-error.ts";
import { type IdentitySource, readIdentityHeader } from "./identity-header.ts";

export { IdentityError, type IdentityProblem } from "./identity-error.ts";
export type { IdentitySource } from "./identity-header.ts";

/** Who calls, by the word of the gateway. */
export interface GatewayIdentity {
  /** Who says who it is: the gateway itself for its own users, or the other issuer that the caller's token came from. */
  readonly issuer: string;
  /** Unique only together with `issuer`. */
  readonly subject: string;
  /** The subject where it is one of the gateway's own users; undefined for callers of other issuers. */
  readonly userId: string | undefined;
  /** Of the gateway's own users only. */
  readonly sessionId: string | undefined;
  readonly roles: ReadonlySet<string>;
  readonly scopes: ReadonlySet<string>;
  /** Where the gateway is configured to tell this service, and knows it. */
  readonly email: string | undefined;
  /** What else the gateway is configured to tell this service: claims that its operator adds. */
  readonly claims: Readonly<Record<string, unknown>>;
}

export interface VerifierOptions {
  /** The gateway's `ISSUER`. */
  readonly issuer: string;
  /** This service's name in the gateway's configuration, or its `identity.audience`. */
  readonly audience: string;
  /** Where the gateway's keys are: `/.well-known/jwks.json` at its issuer unless it is said otherwise. */
  readonly jwksUrl?: string | URL;
  /**
   * Whether a request without the header is refused (`missing`): it did not come through the gateway. Its anonymous callers are let through
   * where the gateway's configuration has `identity: { anonymous: true }` for this service. False unless it is said otherwise.
   */
  readonly required?: boolean;
}

/**
 * The identity that a request carries, undefined for an anonymous caller, and, unless it is required, where it carries none. Throws an
 * IdentityError for one that is not to be believed.
 */
export type VerifyIdentity = (source: IdentitySource | null | undefined) => Promise<GatewayIdentity | undefined>;

/** What a signature may be: never a shared secret, whatever the token says (RFC 8725, section 3.1). */
const ALGORITHMS = ["ES256", "RS256"];
const TYPE = "gateway-identity+jwt";
const accessTokenType = /^(application\/)?at\+jwt$/i;
const TOLERANCE_SECONDS = 5;
/** For so long the gateway lets its keys be cached, and publishes a key before it signs. */
const KEY_CACHE_MILLISECONDS = 300_000;
/** A stranger's tokens name keys that do not exist: they cause one reading in this time, whatever their number. */
const COOLDOWN_MILLISECONDS = 30_000;

/** Verifies the identity tokens of one gateway for one service. Its keys are read at the first use, and again when they change. */
export function createVerifier({ issuer, audience, jwksUrl, required = false }: VerifierOptions): VerifyIdentity {
  const url = new URL(jwksUrl ?? `${issuer.replace(/\/$/, "")}/.well-known/jwks.json`);
  const remote = createRemoteJWKSet(url, { cacheMaxAge: KEY_CACHE_MILLISECONDS, cooldownDuration: COOLDOWN_MILLISECONDS });
  const findKey: JWTVerifyGetKey = async (header, token) => {
    // Before a key is looked for: what is no identity token causes no request.
    if (accessTokenType.test(header.typ ?? "")) throw new IdentityError("access_token");
    if (header.typ?.toLowerCase() !== TYPE) throw new IdentityError("wrong_type");
    return remote(header, token).catch((cause: unknown) => {
      throw new IdentityError(keyProblem(cause), { cause });
    });
  };
  const expected = {
    issuer,
    audience,
    typ: TYPE,
    algorithms: ALGORITHMS,
    clockTolerance: TOLERANCE_SECONDS,
    requiredClaims: ["exp"],
  };

  return async (source) => {
    const token = readIdentityHeader(source);
    if (token === undefined && required) throw new IdentityError("missing");
    if (token === undefined) return undefined;
    try {
      const { payload } = await jwtVerify(token, findKey, expected);
      return isAnonymous(payload) ? undefined : identityOf(payload, issuer);
    } catch (cause) {
      if (cause instanceof IdentityError) throw cause;
      throw new IdentityError(tokenProblem(cause), { cause });
    }
  };
}

/** Keys that were read and do not fit are the token's fault; all else is that they could not be read. */
function keyProblem(error: unknown): IdentityProblem {
  return error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys ? "unknown_key" : "keys_unavailable";
}

function tokenProblem(error: unknown): IdentityProblem {
  if (error instanceof errors.JWTExpired) return "expired";
  if (error instanceof errors.JWTClaimValidationFailed) return claimProblem(error);
  if (error instanceof errors.JOSEAlgNotAllowed) return "wrong_algorithm";
  return error instanceof errors.JWSSignatureVerificationFailed ? "invalid_signature" : "malformed";
}

function claimProblem({ claim, reason }: errors.JWTClaimValidationFailed): IdentityProblem {
  if (reason !== "check_failed") return "malformed";
  const problems: Readonly<Record<string, IdentityProblem>> = { iss: "wrong_issuer", aud: "wrong_audience", nbf: "not_yet_valid" };
  return problems[claim] ?? "malformed";
}

/** The gateway's word that the caller is nobody. */
function isAnonymous({ sub, anonymous }: JWTPayload): boolean {
  return sub === undefined && anonymous === true;
}

function identityOf(payload: JWTPayload, issuer: string): GatewayIdentity {
  const { sub, sid, idp, roles, scope, email, iss, aud, iat, exp, nbf, jti, ...claims } = payload;
  const fits = typeof sub === "string" && isStringList(roles) && typeof scope === "string" && [sid, idp, email].every(isOptionalString);
  if (!fits) throw new IdentityError("malformed");
  return {
    issuer: (idp as string | undefined) ?? issuer,
    subject: sub,
    userId: idp === undefined ? sub : undefined,
    sessionId: sid as string | undefined,
    roles: new Set(roles),
    scopes: new Set(scope.split(" ").filter((each) => each !== "")),
    email: email as string | undefined,
    claims,
  };
}

function isOptionalString(value: unknown): value is string | undefined {
  return value === undefined || typeof value === "string";
}

function isStringList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}
