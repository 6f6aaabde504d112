import jwt from "jsonwebtoken";
import { LRUCache } from "lru-cache";
import type { Account } from "../accounts/account-store.ts";
import type { Clock } from "../clock.ts";
import type { Anonymous, Permissions } from "../permissions.ts";
import type { Random } from "../random.ts";
import type { Revocable, Revocations } from "../sessions/revocations.ts";
import type { Session } from "../sessions/session-state.ts";
import { type AccessTokenClaims, checkClaims, checkLifetime, readClaims } from "./access-token-claims.ts";
import { readHeader } from "./access-token-header.ts";
import type { SigningKey, SigningKeys } from "./signing-keys.ts";

/** Who the request's access token says is calling. */
export interface Viewer extends Permissions, Revocable {
  readonly email: string;
  /** Seconds since the epoch. */
  readonly expiresAt: number;
}

export interface AccessTokens {
  /** A JWT by RFC 9068 for one session of an account; it does not outlive the session's absolute end. */
  issue(account: Account, session: Pick<Session, "id" | "expiresAt">): IssuedAccessToken;
  /** The viewer, or why there is none. A bad token is an answer, never a throw; only an unreachable database is. */
  verify(token: string | undefined): Promise<Viewer | Anonymous>;
}

export interface IssuedAccessToken {
  readonly token: string;
  readonly expiresInSeconds: number;
}

export interface AccessTokenOptions {
  readonly issuer: string;
  readonly audience: string;
  readonly ttlSeconds: number;
  /** role → scopes */
  readonly roles: ReadonlyMap<string, readonly string[]>;
}

/** Refused before it is decoded (RFC 8725, section 3.2 by analogy: bound the work that a stranger can cause). */
const MAXIMUM_LENGTH = 8 * 1024;
/** The verified tokens in memory; an entry weighs its text and about a kilobyte of parsed claims. */
const CACHE_BYTES = 32 * 1024 * 1024;
const ENTRY_BYTES = 1024;

interface Verified {
  readonly viewer: Viewer;
  readonly claims: AccessTokenClaims;
  readonly key: SigningKey;
}

export function createAccessTokens(
  parts: { keys: SigningKeys; revocations: Revocations; clock: Clock; random: Random },
  options: AccessTokenOptions,
): AccessTokens {
  const { keys, revocations, clock, random } = parts;
  const verified = new LRUCache<string, Verified>({
    maxSize: CACHE_BYTES,
    sizeCalculation: (_entry, token) => token.length + ENTRY_BYTES,
  });

  function scopesOf(roles: readonly string[]): string[] {
    return [...new Set(roles.flatMap((role) => options.roles.get(role) ?? []))];
  }

  /** What can change between two uses of a token whose signature was checked: time, its key's standing, revocations. */
  function judge(entry: Verified): Viewer | Anonymous {
    const lifetime = checkLifetime(entry.claims, clock());
    if (lifetime !== undefined) return { reason: lifetime };
    if (keys.find(entry.key.kid) === undefined) return { reason: "unknown_key" };
    return revocations.isRevoked(entry.viewer) ? { reason: "revoked" } : entry.viewer;
  }

  async function findKey(kid: string): Promise<SigningKey | undefined> {
    if (keys.find(kid) === undefined) await keys.refresh();
    return keys.find(kid);
  }

  async function verifyUnknown(token: string): Promise<Viewer | Anonymous> {
    const header = readHeader(token);
    if ("reason" in header) return header;
    const key = await findKey(header.kid);
    if (key === undefined) return { reason: "unknown_key" };
    if (key.algorithm !== header.alg) return { reason: "wrong_algorithm" };
    const payload = verifySignature(token, key);
    if (payload === undefined) return { reason: "invalid_signature" };
    const claims = readClaims(payload);
    const problem = claims === undefined ? "malformed" : checkClaims(claims, options);
    if (claims === undefined || problem !== undefined) return { reason: problem ?? "malformed" };
    const entry = { claims, key, viewer: viewerOf(claims) };
    verified.set(token, entry);
    return judge(entry);
  }

  return {
    issue(account, session) {
      const { kid, algorithm, signingKey } = keys.signer();
      if (signingKey === undefined) throw new Error("the signer has no private key");
      const issuedAt = Math.floor(clock().getTime() / 1000);
      const exp = Math.min(issuedAt + options.ttlSeconds, Math.floor(session.expiresAt.getTime() / 1000));
      const claims: AccessTokenClaims = {
        iss: options.issuer,
        sub: account.id,
        aud: options.audience,
        exp,
        iat: issuedAt,
        jti: random.id(clock()),
        sid: session.id,
        roles: [...account.roles],
        scope: scopesOf(account.roles).join(" "),
        email: account.email,
        ver: account.version,
        type: "access",
      };
      const token = jwt.sign(claims, signingKey, { algorithm, keyid: kid, header: { alg: algorithm, typ: "at+jwt" } });
      return { token, expiresInSeconds: exp - issuedAt };
    },
    async verify(token) {
      if (token === undefined) return { reason: "missing" };
      if (token.length > MAXIMUM_LENGTH) return { reason: "too_large" };
      const known = verified.get(token);
      return known === undefined ? verifyUnknown(token) : judge(known);
    },
  };
}

/** The claims are judged by us, with reasons; the library checks the signature, with the one algorithm of the key. */
function verifySignature(token: string, key: SigningKey): unknown {
  try {
    return jwt.verify(token, key.verifyingKey, { algorithms: [key.algorithm], ignoreExpiration: true, ignoreNotBefore: true });
  } catch {
    return undefined;
  }
}

function viewerOf(claims: AccessTokenClaims): Viewer {
  return {
    userId: claims.sub,
    sessionId: claims.sid,
    version: claims.ver,
    email: claims.email,
    roles: new Set(claims.roles),
    scopes: new Set(claims.scope.split(" ").filter((scope) => scope !== "")),
    expiresAt: claims.exp,
  };
}
