import { createRemoteJWKSet, type JWTPayload, jwtVerify } from "jose";
import { ISSUER } from "../gateway.ts";
import { type ServedContext, type ServedGraph, serveGraph } from "./served-graph.ts";

const identityOf = (_: unknown, __: unknown, { headers }: ServedContext) => headers["gateway-identity"] ?? null;

/**
 * A graph whose every field says whom it was told is calling, by the token that it was told it with. The names begin with that of the
 * graph.
 */
export function serveEchoGraph(name: string, server: "mercurius" | "yoga" | "apollo"): Promise<ServedGraph> {
  const find = (_: unknown, { ids }: { ids: string[] }) => ids.map((id) => ({ id }));
  return serveGraph({
    server,
    sdl: `
      directive @key(selectionSet: String!) on OBJECT
      directive @merge(keyField: String) on FIELD_DEFINITION
      type Query {
        ${name}Caller: String
        ${name}Items(ids: [ID!]!): [Item]! @merge(keyField: "id")
        _sdl: String!
      }
      type Mutation { ${name}Change: String }
      type Item @key(selectionSet: "{ id }") { id: ID! ${name}Caller: String }
    `,
    resolvers: {
      Query: { [`${name}Caller`]: identityOf, [`${name}Items`]: find },
      Mutation: { [`${name}Change`]: identityOf },
      Item: { [`${name}Caller`]: identityOf },
    },
  } as never);
}

/** Reads a token as an upstream would with no library of ours; rejects what is not to be believed. */
export function createTokenReader(gatewayUrl: string, now: () => Date): (token: unknown, audience: string) => Promise<JWTPayload> {
  const keys = createRemoteJWKSet(new URL(`${gatewayUrl}/.well-known/jwks.json`));
  const known = new Map<string, Promise<JWTPayload>>();
  async function verify(token: string, audience: string): Promise<JWTPayload> {
    const options = { issuer: ISSUER, audience, typ: "gateway-identity+jwt", algorithms: ["ES256"], currentDate: now() };
    return (await jwtVerify(token, keys, options)).payload;
  }
  return (token, audience) => {
    const key = `${audience} ${token}`;
    const payload = known.get(key) ?? verify(String(token), audience);
    known.set(key, payload);
    return payload;
  };
}
