import type { CookieSerializeOptions } from "@fastify/cookie";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { RefreshTokenCarrier } from "../graphql/context.ts";

/** The prefix binds the cookie to this very host, over TLS (RFC 6265bis, section 4.1.3.2). */
const REFRESH_TOKEN_COOKIE = "__Host-refresh_token";

export type CreateCarrier = (request: FastifyRequest, reply: FastifyReply) => RefreshTokenCarrier;

const inBody: RefreshTokenCarrier = {
  read: (input) => input ?? undefined,
  hand: (refreshToken) => refreshToken,
  withdraw: () => undefined,
};

/** The token travels in the operation's input and payload. */
export const bodyCarrier: CreateCarrier = () => inBody;

/**
 * The token travels in a cookie that scripts cannot read, never in the payload. A client that still holds one from before
 * may send it in the input once. The cookie is cleared by a logout only: a refused refresh may belong to an earlier
 * session, and must not take the cookie of a later one with it.
 */
export function cookieCarrier(options: { sameSite: "Strict" | "Lax" | "None" }): CreateCarrier {
  const sameSite = options.sameSite.toLowerCase() as Lowercase<typeof options.sameSite>;
  const attributes: CookieSerializeOptions = { path: "/", httpOnly: true, secure: true, sameSite };
  return (request, reply) => ({
    read: (input) => input ?? request.cookies[REFRESH_TOKEN_COOKIE],
    hand(refreshToken, expiresAt) {
      void reply.setCookie(REFRESH_TOKEN_COOKIE, refreshToken, { ...attributes, expires: expiresAt });
      return null;
    },
    withdraw(refreshToken) {
      if (refreshToken !== undefined && refreshToken === request.cookies[REFRESH_TOKEN_COOKIE])
        void reply.clearCookie(REFRESH_TOKEN_COOKIE, attributes);
    },
  });
}
