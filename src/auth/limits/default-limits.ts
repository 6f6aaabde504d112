import type { RateLimit } from "./rate-limits.ts";

/** For each root field that has no limit of its own, per caller. */
export const DEFAULT_LIMIT: RateLimit = { max: 100, windowSeconds: 60 };

/** For all root fields of one caller together: a page that asks for a lot, several times a minute. */
export const ALL_FIELDS_LIMIT: RateLimit = { max: 600, windowSeconds: 60 };

/** What is counted together for one account or domain, whoever calls: the names that an operator changes them by. */
export const accountLimitDefaults = {
  /**
   * Wrong passwords for one e-mail address, whoever sends them and whether or not it has an account (NIST SP 800-63B, section 3.2.2, has at
   * most 100). High, because whoever reaches it shuts the owner out of new sessions for the rest of the window.
   */
  failedLoginsPerAccount: { max: 100, windowSeconds: 3600 },
  /**
   * Sessions opened for one account with the right password: a program in a loop fills no table, and whoever knows a password wins no race
   * by it.
   */
  signInsPerAccount: { max: 300, windowSeconds: 3600 },
  /** Codes tried for one account: of a million, so that an even chance takes four years. */
  codeTriesPerAccount: { max: 20, windowSeconds: 3600 },
  /**
   * Wrong codes for all addresses of one domain: whoever wants any address of it invents as many as they like. Links stay good, so that
   * nobody is shut out by those who use it up.
   */
  codeTriesPerDomain: { max: 100, windowSeconds: 3600 },
  /** Messages that anybody can have sent to one address: nobody's mailbox is flooded, and nobody's link replaced for ever. */
  messagesPerAddress: { max: 5, windowSeconds: 3600 },
} as const satisfies Readonly<Record<string, RateLimit>>;

export type AccountLimitName = keyof typeof accountLimitDefaults;
