import { duration, flag, oneOf, wholeNumber } from "./variable-values.ts";

/** A part of `variables`. */
export const sessionVariables = {
  SESSION_IDLE_TTL: {
    description: "A session ends when it has not been refreshed for this long.",
    default: "14d",
    example: "14d",
    value: duration({ min: "10s", max: "3650d" }),
  },
  SESSION_MAX_TTL: {
    description: "A session ends this long after sign-in, whatever happens.",
    default: "90d",
    example: "90d",
    value: duration({ min: "10s", max: "3650d" }),
  },
  REFRESH_GRACE: {
    description: "How long a refresh token that was just used still gives the same successor: two tabs, a lost response.",
    default: "30s",
    example: "30s",
    value: duration({ min: "0s", max: "5m" }),
  },
  SESSIONS_PER_USER: {
    description: "How many live sessions a user may have: one more sign-in ends the one that has not been used for the longest time.",
    default: "100",
    example: "100",
    value: wholeNumber({ min: 1, max: 10_000 }),
  },
  REFRESH_TOKEN_CARRIER: {
    description:
      "How refresh tokens travel: body (in the GraphQL response), cookie (httpOnly, for browsers) or both (each client " +
      "chooses when it signs in).",
    default: "body",
    example: "both",
    value: oneOf(["body", "cookie", "both"]),
  },
  REFRESH_COOKIE_SAME_SITE: {
    description: "The SameSite attribute of the refresh cookie: Strict, Lax or None.",
    default: "Strict",
    example: "Lax",
    value: oneOf(["Strict", "Lax", "None"]),
  },
  REFRESH_COOKIE_SECURE: {
    description: "false: the refresh cookie is sent over plain HTTP too, for development with Safari. Not in production.",
    default: "true",
    example: "true",
    value: flag,
  },
} as const;
