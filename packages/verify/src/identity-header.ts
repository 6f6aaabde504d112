import { IdentityError } from "./identity-error.ts";

/** The token itself, or the headers of the request that holds it: as `fetch` has them, or as an object, in whatever case its names are. */
export type IdentitySource =
  | string
  | { get(name: string): string | null | undefined }
  | { readonly [name: string]: string | readonly string[] | undefined };

const HEADER = "gateway-identity";

/** The token as it was sent; undefined where there is none. Throws an IdentityError for several: one of them is not the gateway's. */
export function readIdentityHeader(source: IdentitySource | null | undefined): string | undefined {
  const values = typeof source === "object" && source !== null ? headersOf(source) : [source];
  const [value, ...others] = values.flat().filter((each) => each !== undefined && each !== null);
  if (others.length > 0) throw new IdentityError("malformed");
  if (value === undefined) return undefined;
  if (typeof value !== "string") throw new IdentityError("malformed");
  return value.trim() || undefined;
}

/** Every one of the name: Node.js writes names in lower case; AWS Lambda and its gateways leave them as they were sent. */
function headersOf(headers: Exclude<IdentitySource, string>): unknown[] {
  if ("get" in headers && typeof headers.get === "function" && !(headers instanceof Map)) return [headers.get(HEADER)];
  const entries: Iterable<[string, unknown]> = headers instanceof Map ? headers : Object.entries(headers);
  return [...entries].filter(([name]) => String(name).toLowerCase() === HEADER).map(([, value]) => value);
}
