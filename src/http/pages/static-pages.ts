import { readFileSync } from "node:fs";

/** The policy for pages of our own: nothing inline, nothing from elsewhere, and no place where text could become markup. */
export const pagePolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join("; ");

/** A file of the folder `pages/`, as text. */
export function readPage(name: string): string {
  return readFileSync(new URL(`./files/${name}`, import.meta.url), "utf8");
}
