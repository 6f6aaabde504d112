import type { RateLimit } from "./rate-limits.ts";

/** For each root field that has no limit of its own, per caller. */
export const DEFAULT_LIMIT: RateLimit = { max: 100, windowSeconds: 60 };

/** For all root fields of one caller together: a page that asks for a lot, several times a minute. */
export const ALL_FIELDS_LIMIT: RateLimit = { max: 600, windowSeconds: 60 };

/**
 * Wrong passwords for one e-mail address, whoever sends them and whether or not it has an account (NIST SP 800-63B, section 3.2.2, has at
 * most 100). High, because whoever reaches it shuts the owner out of new sessions for the rest of the window.
 */
export const FAILED_LOGINS_PER_ACCOUNT: RateLimit = { max: 100, windowSeconds: 3600 };

/** Sessions opened for one account with the right password: a program in a loop fills no table, and whoever knows a password wins no race by it. */
export const SIGN_INS_PER_ACCOUNT: RateLimit = { max: 300, windowSeconds: 3600 };

/** Codes tried for one account: of a million, so that an even chance takes four years. */
export const CODE_TRIES_PER_ACCOUNT: RateLimit = { max: 20, windowSeconds: 3600 };

/**
 * Wrong codes for all addresses of one domain: whoever wants any address of it invents as many as they like. Links stay good, so that nobody is shut
 * out by those who use it up.
 */
export const CODE_TRIES_PER_DOMAIN: RateLimit = { max: 100, windowSeconds: 3600 };

/** Messages that anybody can have sent to one address: nobody's mailbox is flooded, and nobody's link replaced for ever. */
export const MESSAGES_PER_ADDRESS: RateLimit = { max: 5, windowSeconds: 3600 };
