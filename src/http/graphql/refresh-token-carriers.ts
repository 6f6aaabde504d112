import type { CookieSerializeOptions } from "@fastify/cookie";
import type { FastifyReply, FastifyRequest } from "fastify";
import { badInput } from "../../core/input-problems.ts";
import type { HandRefreshToken, RefreshTokens } from "../../graphql/context.ts";

export interface CookieOptions {
  readonly sameSite: "Strict" | "Lax" | "None";
  /** False for browsers that keep no `Secure` cookie over plain HTTP, not even of localhost. */
  readonly secure: boolean;
}

export type CreateRefreshTokens = (request: FastifyRequest, reply: FastifyReply) => RefreshTokens;

const inBody: HandRefreshToken = (refreshToken) => refreshToken;

const bodyOnly: RefreshTokens = {
  choose(asked) {
    if (asked === "COOKIE") throw notAllowed("body");
    return inBody;
  },
  read: (input) => ({ refreshToken: input ?? undefined, hand: inBody }),
  withdraw: () => undefined,
};

/** Tokens travel in the operation's input and payload. */
export const bodyTokens: CreateRefreshTokens = () => bodyOnly;

/**
 * Tokens travel in a cookie that scripts cannot read, never in the payload. A client that still holds one from before may send it in the
 * input once.
 */
export function cookieTokens(options: CookieOptions): CreateRefreshTokens {
  const openCookie = cookieOpener(options);
  return (request, reply) => {
    const cookie = openCookie(request, reply);
    return {
      choose(asked) {
        if (asked === "BODY") throw notAllowed("cookie");
        return cookie.hand;
      },
      read: (input) => ({ refreshToken: input ?? cookie.read(), hand: cookie.hand }),
      withdraw: cookie.withdraw,
    };
  };
}

/**
 * The client chooses at sign-in, and the answer to a token travels the way that the token came: what came by the cookie is never shown to
 * the scripts of a page.
 */
export function chosenTokens(options: CookieOptions): CreateRefreshTokens {
  const openCookie = cookieOpener(options);
  return (request, reply) => {
    const cookie = openCookie(request, reply);
    return {
      choose: (asked) => (asked === "COOKIE" ? cookie.hand : inBody),
      read(input) {
        if (input !== null && input !== undefined) return { refreshToken: input, hand: inBody };
        return { refreshToken: cookie.read(), hand: cookie.hand };
      },
      withdraw: cookie.withdraw,
    };
  };
}

function notAllowed(allowed: "body" | "cookie") {
  return badInput({ carrier: `Is not allowed by this server: REFRESH_TOKEN_CARRIER is ${allowed}.` });
}

/**
 * The cookie is cleared by a logout only: a refused refresh may belong to an earlier session, and must not take the cookie of a later one
 * with it.
 */
function cookieOpener({ sameSite, secure }: CookieOptions) {
  // The prefix binds the cookie to this very host, over TLS (RFC 6265bis, section 4.1.3.2).
  const name = secure ? "__Host-refresh_token" : "refresh_token";
  const attributes: CookieSerializeOptions = {
    path: "/",
    httpOnly: true,
    secure,
    sameSite: sameSite.toLowerCase() as Lowercase<typeof sameSite>,
  };
  return (request: FastifyRequest, reply: FastifyReply) => {
    const hand: HandRefreshToken = (refreshToken, expiresAt) => {
      void reply.setCookie(name, refreshToken, { ...attributes, expires: expiresAt });
      return null;
    };
    return {
      read: () => request.cookies[name],
      hand,
      withdraw(refreshToken: string | undefined) {
        if (refreshToken !== undefined && refreshToken === request.cookies[name]) void reply.clearCookie(name, attributes);
      },
    };
  };
}
