import { timingSafeEqual } from "node:crypto";
import { AuthError } from "../../core/errors.ts";
import { badInput } from "../../core/input-problems.ts";
import { sha256 } from "../../core/sha256.ts";
import { parseRefreshToken, type RefreshToken } from "../tokens/refresh-tokens.ts";

/** What a client asks a refresh with. */
export interface RefreshRequest {
  readonly refreshToken: string | undefined;
  /** Made by the client for this refresh, and sent again with every retry of it. */
  readonly retryKey?: string | undefined;
}

export interface PresentedToken {
  readonly token: RefreshToken;
  /** Undefined where the client sent no key. */
  readonly retryHash: Buffer | undefined;
}

const RETRY_KEY = /^[\x21-\x7e]{16,64}$/;

/** Throws BAD_USER_INPUT for a key that is none, else INVALID_REFRESH_TOKEN for a token that is none. */
export function readPresented({ refreshToken, retryKey }: RefreshRequest): PresentedToken {
  if (retryKey !== undefined && !RETRY_KEY.test(retryKey))
    throw badInput({ retryKey: "Has to be 16 to 64 printable ASCII characters, none of them a space." });
  const token = refreshToken === undefined ? undefined : parseRefreshToken(refreshToken);
  if (token === undefined) throw new AuthError("INVALID_REFRESH_TOKEN", {});
  return { token, retryHash: retryKey === undefined ? undefined : hashRetryKey(token, retryKey) };
}

/**
 * SHA-256 of the key and of the secret that it came with: of a client that sends one key with every refresh, the key still proves only
 * the retry of this one, and whoever reads the database cannot try out keys that are no random ones.
 */
function hashRetryKey({ generationSecret }: RefreshToken, retryKey: string): Buffer {
  return sha256(Buffer.concat([generationSecret, Buffer.from(retryKey)]));
}

/** Constant time. What is absent fits nothing. */
export function retryFits(presented: Buffer | undefined, stored: Buffer | null): boolean {
  return presented !== undefined && stored !== null && timingSafeEqual(presented, stored);
}
