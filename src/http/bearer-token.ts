/** RFC 6750, section 2.1: the token of `Authorization: Bearer …`. Undefined for other schemes and for no header. */
export function readBearerToken(authorization: string | undefined): string | undefined {
  if (authorization === undefined || authorization.slice(0, 7).toLowerCase() !== "bearer ") return undefined;
  const token = authorization.slice(7).trim();
  return token === "" ? undefined : token;
}
