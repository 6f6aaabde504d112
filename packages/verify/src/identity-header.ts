import { IdentityError } from "./identity-error.ts";

/** The token itself, or the headers of the request that holds it: as `fetch` has them, or as Node.js does. */
export type IdentitySource =
  | string
  | { get(name: string): string | null | undefined }
  | { readonly [name: string]: string | readonly string[] | undefined };

const HEADER = "gateway-identity";

/** The token as it was sent; undefined where there is none. Throws an IdentityError for several: one of them is not the gateway's. */
export function readIdentityHeader(source: IdentitySource | undefined): string | undefined {
  const value = typeof source === "object" ? headerOf(source) : source;
  if (typeof value === "string") return value.trim() || undefined;
  if (value === undefined || value === null) return undefined;
  throw new IdentityError("malformed");
}

function headerOf(headers: Exclude<IdentitySource, string>): unknown {
  return "get" in headers && typeof headers.get === "function" ? headers.get(HEADER) : Reflect.get(headers, HEADER);
}
