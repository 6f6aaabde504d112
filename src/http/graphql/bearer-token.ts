/** Node joins the values of headers that come more than once by commas; what stands in front of them. */
const anotherBearer = /,\s*bearer\b/i;

/**
 * RFC 6750, section 2.1: the token of `Authorization: Bearer …`. Undefined for other schemes and for no header. Of several credentials
 * none counts: they come back together, which is no token.
 */
export function readBearerToken(authorization: string | undefined): string | undefined {
  if (authorization === undefined) return undefined;
  if (authorization.slice(0, 7).toLowerCase() !== "bearer ") return anotherBearer.test(authorization) ? authorization : undefined;
  const token = authorization.slice(7).trim();
  return token === "" ? undefined : token;
}

/** Whether a header holds several credentials, one of which is a bearer token. */
export function isAmbiguous(authorization: string | undefined): boolean {
  return readBearerToken(authorization)?.includes(",") === true;
}
