import { isIP } from "node:net";

/**
 * Only scheme, host and port; one slash at the end is forgiven. Looked at as written: `new URL` would forgive `?`, `#`, backslashes and
 * `*.` too.
 */
export function isOrigin(written: string): boolean {
  return /^https?:\/\/[^/?#@*\\\s]+\/?$/i.test(written) && URL.canParse(written);
}

/** The origin of an application that a web view shows, or of a browser's extension: as the page itself sends it. */
export function isAppOrigin(written: string): boolean {
  return /^(capacitor|ionic|tauri|app|chrome-extension|moz-extension|safari-web-extension):\/\/[a-z\d.-]+(:\d{1,5})?$/i.test(written);
}

export function isWebUrl(written: string): boolean {
  return /^https?:\/\/[^?#@\\\s]+$/i.test(written) && URL.canParse(written);
}

/** Some servers tell their key sets apart by a query, or let callers in by one. */
export function isUrlWithQuery(written: string): boolean {
  return /^https?:\/\/[^#@\\\s]+$/i.test(written) && URL.canParse(written);
}

export function isRedisUrl(written: string): boolean {
  return /^rediss?:\/\/[^\s/?#]+(\/\d*)?$/.test(written) && URL.canParse(written);
}

/** An IP address, alone or with the length of a prefix. */
export function isNetwork(written: string): boolean {
  const [, address = "", length] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(written) ?? [];
  const version = isIP(address);
  return version !== 0 && Number(length ?? 0) <= (version === 4 ? 32 : 128);
}

/** `localhost`, `*.localhost` and loopback addresses: browsers treat plain http there as secure. */
export function isLocalhost(url: string): boolean {
  const { hostname } = new URL(url);
  return hostname === "localhost" || hostname.endsWith(".localhost") || hostname === "[::1]" || /^127(\.\d+){3}$/.test(hostname);
}

function isPlainHttp(url: string): boolean {
  return new URL(url).protocol === "http:";
}

/** Plain http to another machine: whoever is on the way reads it. */
export function isExposedHttp(url: string): boolean {
  return URL.canParse(url) && isPlainHttp(url) && !isLocalhost(url);
}
