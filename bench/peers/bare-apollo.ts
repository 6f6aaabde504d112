import { createHash, generateKeyPairSync, randomBytes, randomUUID } from "node:crypto";
import { ApolloServer } from "@apollo/server";
import fastifyApollo from "@as-integrations/fastify";
import { type FastifyRequest, fastify } from "fastify";
import jwt from "jsonwebtoken";
import { LRUCache } from "lru-cache";
import postgres from "postgres";

/*
 * The least that a team would write by hand: Apollo Server and Fastify as they come, plain resolvers, ES256 tokens behind an LRU, one
 * statement per job. No limits, no revocation, no reuse detection, no audit, no masking of errors. It is the 1.0 of the ratios.
 */

const typeDefs = `
  type Query { me: User }
  type User { id: ID! email: String! roles: [String!]! emailVerified: Boolean! status: String! createdAt: String! }
  type Mutation { open(id: ID!, email: String!): AuthPayload! refresh(input: RefreshInput): AuthPayload! }
  input RefreshInput { refreshToken: String }
  type AuthPayload { accessToken: String! tokenType: String! expiresIn: Int! refreshToken: String! }
`;

interface Viewer {
  readonly sub: string;
  readonly email: string;
  readonly roles: readonly string[];
}

interface Row {
  readonly email_verified: boolean;
  readonly status: string;
  readonly created_at: Date;
}

interface Context {
  readonly viewer: Viewer | undefined;
  row?: Promise<Row | undefined>;
}

interface Me {
  readonly id: string;
}

const ALGORITHM = "ES256";
const EXPIRES_IN = 900;
const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const verified = new LRUCache<string, Viewer>({ max: 10_000 });
/** The gateway's own tables are in `auth`. */
const connection = { search_path: "public, auth" };
const sql = postgres(process.env.DATABASE_URL ?? "", { max: 10, onnotice: () => undefined, connection });

async function createContext(request: FastifyRequest): Promise<Context> {
  const token = request.headers.authorization?.slice("Bearer ".length);
  if (token === undefined) return { viewer: undefined };
  let viewer = verified.get(token);
  if (viewer === undefined) {
    viewer = jwt.verify(token, publicKey, { algorithms: [ALGORITHM] }) as unknown as Viewer;
    verified.set(token, viewer);
  }
  return { viewer };
}

async function findRow(id: string): Promise<Row | undefined> {
  const rows = await sql<Row[]>`select email_verified, status, created_at from users where id = ${id}`;
  return rows[0];
}

function rowOf(me: Me, context: Context): Promise<Row | undefined> {
  context.row ??= findRow(me.id);
  return context.row;
}

const hashOf = (secret: string) => createHash("sha256").update(secret).digest();

function toPayload(viewer: Viewer, refreshToken: string) {
  const accessToken = jwt.sign({ ...viewer }, privateKey, { algorithm: ALGORITHM, expiresIn: EXPIRES_IN });
  return { accessToken, tokenType: "Bearer", expiresIn: EXPIRES_IN, refreshToken };
}

async function open(_: unknown, { id, email }: { id: string; email: string }) {
  const sessionId = randomUUID();
  const secret = randomBytes(32).toString("base64url");
  await sql`insert into bare_sessions (id, user_id, email, roles, hash, used_at)
    values (${sessionId}, ${id}, ${email}, '{user}', ${hashOf(secret)}, now())`;
  return toPayload({ sub: id, email, roles: ["user"] }, `${sessionId}.${secret}`);
}

/** In place, by primary key, in one statement. */
async function refresh(_: unknown, { input }: { input: { refreshToken: string } }) {
  const [sessionId = "", presented = ""] = input.refreshToken.split(".");
  const secret = randomBytes(32).toString("base64url");
  const rows = await sql<Viewer[]>`
    update bare_sessions set hash = ${hashOf(secret)}, used_at = now()
    where id = ${sessionId} and hash = ${hashOf(presented)}
    returning user_id as sub, email, roles`;
  if (rows[0] === undefined) throw new Error("no such refresh token");
  return toPayload(rows[0], `${sessionId}.${secret}`);
}

const resolvers = {
  Query: {
    me: (_: unknown, __: unknown, { viewer }: Context) => (viewer ? { id: viewer.sub, email: viewer.email, roles: viewer.roles } : null),
  },
  User: {
    emailVerified: async (me: Me, _: unknown, context: Context) => (await rowOf(me, context))?.email_verified,
    status: async (me: Me, _: unknown, context: Context) => (await rowOf(me, context))?.status,
    createdAt: async (me: Me, _: unknown, context: Context) => (await rowOf(me, context))?.created_at.toISOString(),
  },
  Mutation: { open, refresh },
};

await sql`create table bare_sessions (
  id uuid primary key, user_id uuid not null, email text not null, roles text[] not null, hash bytea not null, used_at timestamptz not null
) with (fillfactor = 70)`;
const server = new ApolloServer<Context>({ typeDefs, resolvers });
await server.start();
const app = fastify();
await app.register(fastifyApollo(server), { context: createContext });
await app.listen({ port: Number(process.env.PORT), host: "127.0.0.1" });
