import type { IncomingHttpHeaders } from "node:http";

export interface AllowedOrigins {
  /** Origins of the pages that may call, our own among them. */
  readonly origins: ReadonlySet<string>;
  /** Whether pages of this very server may, whatever address it is reached by. */
  readonly allowsOwnHost: boolean;
}

export function isAllowedOrigin(origin: string, host: string | undefined, { origins, allowsOwnHost }: AllowedOrigins): boolean {
  if (origins.has(origin)) return true;
  return allowsOwnHost && URL.canParse(origin) && new URL(origin).host === host;
}

/**
 * Whether the request was made by a page that may not make it. Browsers say whose page it is, and pages cannot change what they say:
 * in `Sec-Fetch-Site`, and in `Origin` wherever a request may change something. Other clients send neither.
 */
export function isForeignPage({ origin, host, "sec-fetch-site": site }: IncomingHttpHeaders, allowed: AllowedOrigins): boolean {
  if (site === "same-origin") return false;
  if (origin !== undefined) return !isAllowedOrigin(origin, host, allowed);
  return site === "cross-site" || site === "same-site";
}
