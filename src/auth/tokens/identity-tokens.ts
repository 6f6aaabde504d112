import jwt from "jsonwebtoken";
import { LRUCache } from "lru-cache";
import type { Clock } from "../../core/clock.ts";
import { StartupError } from "../../core/errors.ts";
import { perObject } from "../../core/per-object.ts";
import type { Random } from "../../core/random.ts";
import type { CustomClaimValues } from "./custom-claims.ts";
import type { IdentifiedCaller } from "./identified-caller.ts";
import type { SigningKeys } from "./keys/signing-keys.ts";

/** Whom an identity token is for. */
export interface IdentityTarget {
  /** The upstream's name, or what it calls itself. */
  readonly audience: string;
  /** What it is told beyond `sub sid roles scope`, where the caller has it: `email`, and what the operator adds to access tokens. */
  readonly claims: readonly string[];
}

/** Tokens that tell upstreams who is calling. No access tokens: they are good for one upstream, and nobody signs in with them. */
export interface IdentityTokens {
  /** A JWT for the `Gateway-Identity` header; the same one again while at least half of its life is left. */
  issue(caller: IdentifiedCaller, target: IdentityTarget): string;
  /** The same for callers who are nobody, so that an upstream can tell them from whoever came past the gateway. */
  issueAnonymous(target: Pick<IdentityTarget, "audience">): string;
}

/** In the token's header (RFC 8725, section 3.11): no verifier of another kind of token takes it. */
const IDENTITY_TOKEN_TYPE = "gateway-identity+jwt";
const LIFE_SECONDS = 60;
/** Access tokens are taken for so long after they have expired, and then what is issued for them has to be good for something. */
const SHORTEST_LIFE_SECONDS = 5;
const CACHE_BYTES = 16 * 1024 * 1024;
/** Beside its text. */
const ENTRY_BYTES = 256;

interface Issued {
  readonly token: string;
  /** Milliseconds since the epoch. */
  readonly staleAt: number;
}

/** Throws a StartupError where access tokens are signed with a shared secret: upstreams would have to hold it, and could sign with it. */
export function createIdentityTokens(
  { keys, clock, random }: { keys: Pick<SigningKeys, "signer">; clock: Clock; random: Random },
  { issuer }: { issuer: string },
): IdentityTokens {
  if (keys.signer().publicJwk === undefined) {
    throw new StartupError("JWT_ALGORITHM=HS256 has no public key that upstreams could verify the caller with; set ES256 or RS256.");
  }
  const cache = new LRUCache<string, Issued>({
    maxSize: CACHE_BYTES,
    sizeCalculation: ({ token }, key) => token.length + key.length + ENTRY_BYTES,
  });
  let count = 0;
  /**
   * The verifier makes one object for each access token, so two tokens, and with them two callers, sessions or sets of roles, share no key.
   */
  const numberOf = perObject((_caller: IdentifiedCaller) => {
    count += 1;
    return count;
  });

  function sign(caller: IdentifiedCaller, target: IdentityTarget): Issued {
    const left = Math.floor(caller.expiresAt.getTime() / 1000) - Math.floor(clock().getTime() / 1000);
    const life = Math.max(SHORTEST_LIFE_SECONDS, Math.min(LIFE_SECONDS, left));
    const claims = {
      ...pick(caller.custom, target.claims),
      ...claimsOf(caller, issuer),
      ...(target.claims.includes("email") && caller.email !== undefined ? { email: caller.email } : {}),
    };
    return signClaims(claims, target.audience, life);
  }

  function signClaims(told: object, audience: string, life: number): Issued {
    const now = clock();
    const iat = Math.floor(now.getTime() / 1000);
    const claims = { ...told, iss: issuer, aud: audience, iat, exp: iat + life, jti: random.id(now) };
    const { kid, algorithm, signingKey } = keys.signer();
    const token = jwt.sign(claims, signingKey, { algorithm, keyid: kid, header: { alg: algorithm, typ: IDENTITY_TOKEN_TYPE } });
    return { token, staleAt: (iat + life / 2) * 1000 };
  }

  function remembered(key: string, issue: () => Issued): string {
    const known = cache.get(key);
    if (known !== undefined && clock().getTime() < known.staleAt) return known.token;
    const issued = issue();
    cache.set(key, issued);
    return issued.token;
  }

  return {
    issue: (caller, target) => remembered(`${numberOf(caller)} ${target.claims.join()} ${target.audience}`, () => sign(caller, target)),
    issueAnonymous: ({ audience }) => remembered(`anonymous ${audience}`, () => signClaims({ anonymous: true }, audience, LIFE_SECONDS)),
  };
}

function pick(custom: CustomClaimValues | undefined, names: readonly string[]): CustomClaimValues {
  if (custom === undefined) return {};
  return Object.fromEntries(names.filter((name) => Object.hasOwn(custom, name)).map((name) => [name, custom[name]]));
}

/** A subject of another issuer stands beside its name: two issuers may use one subject for two people. */
function claimsOf(caller: IdentifiedCaller, issuer: string) {
  const origin = caller.issuer === issuer ? { sid: caller.sessionId } : { idp: caller.issuer };
  return { sub: caller.subject, ...origin, roles: [...caller.roles], scope: [...caller.scopes].join(" ") };
}
