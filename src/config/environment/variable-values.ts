import { isIP } from "node:net";
import { z } from "zod";
import { ConnectionStringError, parseConnectionString } from "../../database/connection-string/connection-string.ts";
import { parseDuration } from "../values/durations.ts";
import { parseMailbox } from "../values/mailboxes.ts";
import { parseSmtpUrl } from "../values/smtp.ts";
import { isAppOrigin, isNetwork, isOrigin, isRedisUrl, isWebUrl } from "../values/urls.ts";

/*
 * What a variable's text may be and what it becomes. The messages continue a sentence that begins with the variable's name, and never quote
 * the text: a secret pasted into the wrong variable would end up in the log.
 */

export const text = z.string();

export const oneOf = <const Words extends readonly [string, ...string[]]>(words: Words) =>
  z.enum(words, { error: `must be one of ${words.join(", ")}.` });

/** Tools for tests set `test`. */
export const environmentName = oneOf(["production", "development", "test"]).transform((name) =>
  name === "production" ? name : "development",
);

export const flag = oneOf(["true", "false"]).transform((word) => word === "true");

export function wholeNumber({ min, max }: { min: number; max: number }) {
  const problem = `must be a whole number from ${min} to ${max}.`;
  return z
    .string()
    .regex(/^\d{1,15}$/, problem)
    .transform(Number)
    .refine((number) => number >= min && number <= max, problem);
}

/** In seconds. Both ends are allowed. */
export function duration({ min, max }: { min: string; max: string }) {
  const problem = `must be a duration from ${min} to ${max}, written as a whole number followed by s, m, h or d.`;
  const [least = 0, most = Number.POSITIVE_INFINITY] = [parseDuration(min), parseDuration(max)];
  return z.string().transform((written, context) => {
    const seconds = parseDuration(written);
    if (seconds !== undefined && seconds >= least && seconds <= most) return seconds;
    context.addIssue(problem);
    return z.NEVER;
  });
}

/** Comma separated; spaces around the commas do not count. */
export function list<Item>(item: z.ZodType<Item, string>) {
  const split = (written: string) => written.split(",").map((part) => part.trim());
  return z.string().transform(split).pipe(z.array(item));
}

const originProblem = "must be an origin: http:// or https://, a host and perhaps a port; no path, query or credentials.";

export const origin = z
  .string()
  .refine(isOrigin, originProblem)
  .transform((written) => new URL(written).origin);

export const corsOrigin = z
  .string()
  .refine((written) => written !== "*", {
    error: "must name origins: * would let every web site call with its visitors' sessions.",
    abort: true,
  })
  .refine((written) => written !== "null", {
    error: "must not allow the origin null: sandboxed frames of any web site have it.",
    abort: true,
  })
  .refine(
    (written) => isAppOrigin(written) || isOrigin(written),
    "must list origins, each with its scheme and without a path, such as https://app.example.com.",
  )
  .transform((written) => (isAppOrigin(written) ? written : new URL(written).origin));

/** RFC 8414 section 2: an issuer is a URL without query or fragment. Kept as written, because verifiers compare it as a string. */
export const issuer = z.string().refine(isWebUrl, "must be an http:// or https:// URL without query, fragment or credentials.");

export const webUrl = z.string().refine(isWebUrl, "must be an http:// or https:// URL without query, fragment or credentials.");

/** `max`: one for each core. */
export function workers({ most }: { most: number }) {
  const number = wholeNumber({ min: 1, max: most });
  return z.string().transform((written, context) => {
    if (written === "max") return written;
    const parsed = number.safeParse(written);
    if (parsed.success) return parsed.data;
    context.addIssue(`must be max or a whole number from 1 to ${most}.`);
    return z.NEVER;
  });
}

/** RFC 7519 section 2, StringOrURI, less spaces. */
export const audience = z.string().regex(/^[\x21-\x7e]{1,255}$/, "must be 1 to 255 printable ASCII characters without spaces.");

/** Kept as written: what it says is read by whoever connects, and checked here. */
export const databaseUrl = z.string().superRefine((written, context) => {
  try {
    parseConnectionString(written);
  } catch (error) {
    if (!(error instanceof ConnectionStringError)) throw error;
    context.addIssue({ code: "custom", message: error.message });
  }
});

/**
 * Short enough for the names that are made of it, plain enough to need no quotes. Not `public`, which an application shares with its ORM
 * and its extensions: there a table `users` is soon somebody else's.
 */
export const databaseSchema = z
  .string()
  .regex(/^[a-z_][a-z0-9_]{0,49}$/, "must be a lower-case letter or _, then at most 49 lower-case letters, digits or _.")
  .refine(
    (name) => !/^(pg_.*|information_schema|public)$/.test(name),
    "must be a schema of its own: neither public nor one of PostgreSQL's.",
  );

export const redisUrl = z
  .string()
  .refine(isRedisUrl, "must be a redis:// or rediss:// URL; special characters in its user name and password must be percent-encoded.");

export const smtpUrl = z.string().transform((written, context) => {
  const parsed = parseSmtpUrl(written);
  if (parsed !== undefined) return parsed;
  context.addIssue("must be an smtp:// or smtps:// URL; special characters in its user name and password must be percent-encoded.");
  return z.NEVER;
});

export const serviceName = z
  .string()
  .refine(
    (written) => /^[^\p{C}\p{Zl}\p{Zp}<>{}]{1,80}$/u.test(written) && written.trim() !== "",
    "must be 1 to 80 characters, without < > { }.",
  );

export const mailbox = z.string().transform((written, context) => {
  const parsed = parseMailbox(written);
  if (parsed !== undefined) return parsed;
  context.addIssue("must be an e-mail address, or Name <address>.");
  return z.NEVER;
});

/** An address, or a network with the length of its prefix. */
export const proxy = z
  .string()
  .refine(isNetwork, "must list IP addresses or networks such as 10.0.0.0/8.")
  .refine((written) => !written.endsWith("/0"), "must not trust everybody: whoever is trusted can claim any address.");

export const host = z
  .string()
  .refine(
    (written) => isIP(written) !== 0 || /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/i.test(written),
    "must be an IP address or a host name, without port.",
  );

export const secret = z.string().refine((written) => [...written].length >= 32, "must have at least 32 characters in each of its values.");

/** RFC 7518 section 3.2: a key of at least the hash's size. */
export const sharedSecret = z
  .string()
  .refine((written) => Buffer.byteLength(written) >= 32, "must have at least 32 bytes in each of its values.");
