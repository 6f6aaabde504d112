import { LRUCache } from "lru-cache";
import type { Clock } from "../../../core/clock.ts";
import type { Anonymous } from "../../../core/permissions.ts";
import { MAXIMUM_TOKEN_LENGTH } from "../access-token-header.ts";
import type { IdentifiedCaller } from "../identified-caller.ts";
import { createIssuerTokens, isOver, type VerifiedIssuerToken, type VerifyIssuerToken } from "./issuer-tokens.ts";
import { loadKeySet } from "./key-set.ts";
import type { OtherIssuer } from "./other-issuer.ts";
import { createRemoteKeys, type RemoteKeys } from "./remote-keys.ts";

/** The other issuers whose access tokens are taken. */
export interface OtherIssuers {
  /** The caller whom a token of one of these issuers is about, or why there is none. Undefined: it claims to be from none of them. */
  verify(token: string): Promise<IdentifiedCaller | Anonymous> | undefined;
}

export interface OtherIssuerParts {
  readonly clock: Clock;
  /** The keys of an issuer are out of reach, and why; or, without an error, they are back. */
  onIssuerChange(change: { readonly issuer: string; readonly error: unknown }): void;
}

export interface OtherIssuerOptions {
  readonly issuers: readonly OtherIssuer[];
  /** Our roles → scopes. */
  readonly scopesByRole: ReadonlyMap<string, readonly string[]>;
  /** Whether keys may be fetched from there. */
  mayAsk(url: URL): boolean;
}

/** The verified tokens in memory; an entry weighs its text and about a kilobyte of what was read from it. */
const CACHE_BYTES = 16 * 1024 * 1024;
const ENTRY_BYTES = 1024;

interface Issuer {
  readonly keys: RemoteKeys;
  readonly check: VerifyIssuerToken;
}

/** Nothing is fetched before a token comes that claims to be from one of them. */
export function createOtherIssuers({ clock, onIssuerChange }: OtherIssuerParts, options: OtherIssuerOptions): OtherIssuers {
  const { scopesByRole, mayAsk } = options;
  const issuers = new Map<string, Issuer>();
  for (const issuer of options.issuers) {
    const onChange = (error: unknown) => onIssuerChange({ issuer: issuer.issuer, error });
    const keys = createRemoteKeys({ clock, onChange, load: () => loadKeySet(issuer, mayAsk) });
    issuers.set(issuer.issuer, { keys, check: createIssuerTokens({ keys, clock }, { issuer, scopesByRole }) });
  }
  const cache = new LRUCache<string, VerifiedIssuerToken>({
    maxSize: CACHE_BYTES,
    sizeCalculation: (_verified, token) => token.length + ENTRY_BYTES,
  });

  /** The issuer may have withdrawn the key since: where its keys were read again, so is the token. */
  async function verify(token: string, { keys, check }: Issuer): Promise<IdentifiedCaller | Anonymous> {
    const known = cache.get(token);
    if (known !== undefined && isOver(known.caller, clock())) return { reason: "expired" };
    if (known !== undefined && (await keys.current()) === known.keys) return known.caller;
    const verified = await check(token);
    if ("reason" in verified) return verified;
    cache.set(token, verified);
    return verified.caller;
  }

  return {
    verify(token) {
      const issuer = issuers.get(claimedIssuer(token) ?? "");
      return issuer && verify(token, issuer);
    },
  };
}

/** The token's own word: it picks whom to ask, and nothing else. */
function claimedIssuer(token: string): string | undefined {
  if (token.length > MAXIMUM_TOKEN_LENGTH) return undefined;
  const start = token.indexOf(".") + 1;
  const end = token.indexOf(".", start);
  try {
    const payload: unknown = JSON.parse(Buffer.from(token.slice(start, end), "base64url").toString());
    const issuer: unknown = typeof payload === "object" && payload !== null ? Reflect.get(payload, "iss") : undefined;
    return typeof issuer === "string" ? issuer : undefined;
  } catch {
    return undefined;
  }
}
