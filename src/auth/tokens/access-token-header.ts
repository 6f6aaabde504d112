import jwt from "jsonwebtoken";
import type { Anonymous } from "../../core/permissions.ts";
import { looksLikeRefreshToken } from "./refresh-tokens.ts";

/** Refused before it is decoded: bounds the work that a stranger can cause. */
export const MAXIMUM_TOKEN_LENGTH = 8 * 1024;

/** What is read before the signature is checked: enough to pick the key, and nothing is believed. */
export interface AccessTokenHeader {
  readonly kid: string;
  readonly alg: string;
}

/** `jku`, `x5u`, `jwk` and `x5c` are not looked at: keys come from our own ring only (RFC 8725, section 3.10). */
export function readHeader(token: string): AccessTokenHeader | Anonymous {
  if (looksLikeRefreshToken(token)) return { reason: "not_an_access_token" };
  const header = decodeHeader(token);
  if (header === undefined) return { reason: "malformed" };
  if ("crit" in header) return { reason: "unsupported_critical_header" };
  const { kid, alg, typ } = header;
  if (typeof alg !== "string") return { reason: "malformed" };
  if (!isAccessTokenType(typ)) return { reason: "not_an_access_token" };
  return typeof kid === "string" ? { kid, alg } : { reason: "unknown_key" };
}

function decodeHeader(token: string): Record<string, unknown> | undefined {
  try {
    const decoded = jwt.decode(token, { complete: true });
    return decoded === null ? undefined : { ...decoded.header };
  } catch {
    return undefined;
  }
}

/** RFC 9068, section 4: `at+jwt`, with or without the media type's prefix, in any case. */
function isAccessTokenType(typ: unknown): boolean {
  return typeof typ === "string" && /^(application\/)?at\+jwt$/i.test(typ);
}
