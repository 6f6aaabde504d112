import { createRemoteJWKSet, customFetch, type FetchImplementation, type JWTVerifyGetKey } from "jose";
import { rsaWeakness } from "../keys/weak-keys.ts";
import type { OtherIssuer } from "./other-issuer.ts";

/** The keys that an issuer published when they were read; a later reading is another object. */
export type KeySet = JWTVerifyGetKey;

const TIMEOUT_MILLISECONDS = 3000;

/** Reads the keys from where the operator, or the issuer's discovery document, says that they are. Rejects where they cannot be had. */
export async function loadKeySet(issuer: Pick<OtherIssuer, "issuer" | "jwksUrl">, mayAsk: (url: URL) => boolean): Promise<KeySet> {
  const url = new URL(issuer.jwksUrl ?? (await discoverKeys(issuer.issuer)));
  if (!mayAsk(url)) throw new Error("the discovery document names a jwks_uri that is not https://");
  // When to read again is decided by whoever asked for this set: jose limits how often only after a success.
  const keys = createRemoteJWKSet(url, {
    timeoutDuration: TIMEOUT_MILLISECONDS,
    cacheMaxAge: Number.POSITIVE_INFINITY,
    cooldownDuration: Number.POSITIVE_INFINITY,
    [customFetch]: fetchUsableKeys,
  });
  await keys.reload();
  return keys;
}

/** Each key by itself: one that is no key, or too weak, leaves the others good. */
const fetchUsableKeys: FetchImplementation = async (url, options) => {
  const response = await fetch(url, options);
  if (response.status !== 200) return response;
  const set: unknown = await response.json();
  const keys: unknown = typeof set === "object" && set !== null ? Reflect.get(set, "keys") : undefined;
  return Response.json(Array.isArray(keys) ? { keys: keys.filter(isUsable) } : set);
};

function isUsable(key: unknown): boolean {
  return typeof key === "object" && key !== null && !Array.isArray(key) && rsaWeakness(key) === undefined;
}

/** OpenID Connect Discovery 1.0, section 4. */
async function discoverKeys(issuer: string): Promise<string> {
  const response = await fetch(`${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`, {
    headers: { accept: "application/json" },
    // A redirect could lead anywhere, and past https.
    redirect: "error",
    signal: AbortSignal.timeout(TIMEOUT_MILLISECONDS),
  });
  if (response.status !== 200) throw new Error(`the discovery document was answered with status ${response.status}`);
  const document: unknown = await response.json();
  // Section 4.3: or one issuer could speak for another.
  if (readText(document, "issuer") !== issuer) throw new Error("the discovery document is of another issuer");
  const uri = readText(document, "jwks_uri");
  if (uri === undefined) throw new Error("the discovery document names no jwks_uri");
  return uri;
}

function readText(document: unknown, name: string): string | undefined {
  const value: unknown = typeof document === "object" && document !== null ? Reflect.get(document, name) : undefined;
  return typeof value === "string" ? value : undefined;
}
