/**
 * How far the clock of whoever issued a token may be ahead of ours, in seconds: what its `iat` and `nbf` say is that clock's. As much as
 * most libraries grant (RFC 7519, section 4.1.5: "a small leeway, usually no more than a few minutes"); processes of one deployment issue
 * for each other.
 */
export const EARLY_SECONDS = 60;

/** How long a token is good beyond its `exp`, in seconds: less, because each of them is one more for a stolen token. */
export const LATE_SECONDS = 5;
