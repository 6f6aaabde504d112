import type { ConfigProblem } from "../values/config-error.ts";
import { isExposedHttp } from "../values/urls.ts";
import type { ReadVariables } from "./environment.ts";
import { type VariableName, type VariableValues, variables } from "./variables.ts";

interface Rule {
  /** The variable that has to change. */
  readonly variable: VariableName;
  /** What else the rule looks at: where one of these is wrong by itself, the rule has nothing to add. */
  readonly besides?: readonly VariableName[];
  readonly isBroken: (values: VariableValues) => boolean;
  readonly problem: string;
  readonly example?: string;
}

/** What the variables must be to each other. */
export function findConflicts({ values, invalid }: ReadVariables): ConfigProblem[] {
  const applicable = rules.filter((rule) => ![rule.variable, ...(rule.besides ?? [])].some((name) => invalid.has(name)));
  return applicable
    .filter((rule) => rule.isBroken(values))
    .map(({ variable, problem, example }) => ({ variable, problem, example: example ?? `${variable}=${variables[variable].example}` }));
}

const inProduction = (values: VariableValues) => values.NODE_ENV === "production";
const isExposed = (url: string | undefined) => url !== undefined && isExposedHttp(url);

const productionRules: readonly Rule[] = [
  ...(["DATABASE_URL", "SECRET", "PUBLIC_URL"] as const).map((variable) => ({
    variable,
    isBroken: (values: VariableValues) => inProduction(values) && values[variable] === undefined,
    problem: "is required in production.",
  })),
  ...(["PUBLIC_URL", "ISSUER"] as const).map((variable) => ({
    variable,
    isBroken: (values: VariableValues) => inProduction(values) && isExposed(values[variable]),
    problem: "must be https:// in production, unless it is localhost.",
  })),
  ...(["SECRET", "JWT_SECRET"] as const).map((variable) => ({
    variable,
    isBroken: (values: VariableValues) => inProduction(values) && (values[variable] ?? []).some(isUnserious),
    problem: "must be random in production: this one looks like a placeholder or a pattern.",
  })),
  {
    variable: "DATABASE_DIRECT_URL",
    besides: ["DATABASE_URL"],
    isBroken: (values) => values.DATABASE_DIRECT_URL !== undefined && values.DATABASE_URL === undefined,
    problem: "is the direct way to the database of DATABASE_URL, which is not set.",
  },
  {
    variable: "DATABASE_READ_URL",
    besides: ["DATABASE_URL"],
    isBroken: (values) => values.DATABASE_READ_URL !== undefined && values.DATABASE_URL === undefined,
    problem: "is a replica of the database of DATABASE_URL, which is not set.",
  },
  {
    variable: "ACCESS_TOKEN_TTL",
    // Shorter ones only turn every request into a refresh. In development they let one watch a client refresh without waiting.
    isBroken: (values) => inProduction(values) && values.ACCESS_TOKEN_TTL < 60,
    problem: "must be at least 1m in production.",
  },
];

const mailRules: readonly Rule[] = [
  {
    variable: "SMTP_URL",
    besides: ["EMAIL_VERIFICATION"],
    isBroken: (values) => inProduction(values) && values.EMAIL_VERIFICATION === "required" && values.SMTP_URL === undefined,
    problem: "is required with EMAIL_VERIFICATION=required in production, or nobody who registers could ever sign in.",
  },
];

const portRules: readonly Rule[] = [
  {
    variable: "METRICS_PORT",
    besides: ["PORT"],
    isBroken: (values) => values.METRICS_PORT === values.PORT && values.PORT !== 0,
    problem: "must differ from PORT: it is there so that clients do not reach it.",
  },
];

const adminRules: readonly Rule[] = (
  [
    ["ADMIN_EMAIL", "ADMIN_PASSWORD"],
    ["ADMIN_PASSWORD", "ADMIN_EMAIL"],
  ] as const
).map(([variable, other]) => ({
  variable,
  besides: [other],
  isBroken: (values) => values[variable] === undefined && values[other] !== undefined,
  problem: `is required with ${other}.`,
}));

const tokenRules: readonly Rule[] = [
  {
    variable: "JWT_SECRET",
    besides: ["JWT_ALGORITHM"],
    isBroken: (values) => values.JWT_ALGORITHM === "HS256" && values.JWT_SECRET === undefined,
    problem: "is required with JWT_ALGORITHM=HS256.",
  },
  {
    variable: "JWT_SECRET",
    besides: ["JWT_ALGORITHM"],
    isBroken: (values) => values.JWT_ALGORITHM !== "HS256" && values.JWT_SECRET !== undefined,
    problem: "is for JWT_ALGORITHM=HS256 only: with any other algorithm it would silently do nothing.",
    example: "remove JWT_SECRET, or set JWT_ALGORITHM=HS256",
  },
  {
    variable: "JWT_SECRET",
    besides: ["SECRET"],
    isBroken: (values) => (values.JWT_SECRET ?? []).some((shared) => values.SECRET?.includes(shared)),
    problem: "must differ from SECRET: verifiers know it, and SECRET must stay here.",
  },
  {
    variable: "SIGNING_KEY_FILE",
    besides: ["JWT_ALGORITHM"],
    isBroken: (values) => values.JWT_ALGORITHM === "HS256" && values.SIGNING_KEY_FILE !== undefined,
    problem: "is for ES256 and RS256: HS256 signs with JWT_SECRET.",
    example: "remove SIGNING_KEY_FILE, or set JWT_ALGORITHM=ES256",
  },
];

const sessionRules: readonly Rule[] = [
  {
    variable: "SESSION_IDLE_TTL",
    besides: ["SESSION_MAX_TTL"],
    isBroken: (values) => values.SESSION_IDLE_TTL > values.SESSION_MAX_TTL,
    problem: "must not be longer than SESSION_MAX_TTL.",
  },
  {
    variable: "SESSION_IDLE_TTL",
    besides: ["ACCESS_TOKEN_TTL"],
    // Clients refresh when the access token runs out; only that keeps a session from idling.
    isBroken: (values) => values.SESSION_IDLE_TTL <= values.ACCESS_TOKEN_TTL,
    problem: "must be longer than ACCESS_TOKEN_TTL, or every session would end before its first refresh.",
  },
  {
    variable: "REFRESH_GRACE",
    besides: ["SESSION_IDLE_TTL"],
    isBroken: (values) => values.REFRESH_GRACE >= values.SESSION_IDLE_TTL,
    problem: "must be shorter than SESSION_IDLE_TTL.",
  },
  {
    variable: "REFRESH_TOKEN_CARRIER",
    besides: ["PUBLIC_URL", "REFRESH_COOKIE_SECURE"],
    isBroken: (values) => values.REFRESH_TOKEN_CARRIER !== "body" && values.REFRESH_COOKIE_SECURE && isExposed(values.PUBLIC_URL),
    problem: "must be body while PUBLIC_URL is http://: browsers keep a Secure cookie over https:// and on localhost only.",
    example: "PUBLIC_URL=https://auth.example.com, or REFRESH_TOKEN_CARRIER=body",
  },
  {
    variable: "REFRESH_COOKIE_SECURE",
    isBroken: (values) => inProduction(values) && !values.REFRESH_COOKIE_SECURE,
    problem: "must be true in production: without it the cookie travels where anybody on the way can read it.",
  },
  {
    variable: "REFRESH_COOKIE_SECURE",
    besides: ["REFRESH_COOKIE_SAME_SITE"],
    isBroken: (values) => !values.REFRESH_COOKIE_SECURE && values.REFRESH_COOKIE_SAME_SITE === "None",
    problem: "must be true with REFRESH_COOKIE_SAME_SITE=None: browsers keep no such cookie otherwise.",
  },
];

/** The OWASP Password Storage Cheat Sheet's equals for argon2id, by iterations from 1 to 5: KiB. More iterations need no less memory. */
const owaspMemory = [47_104, 19_456, 12_288, 9216, 7168] as const;

const hashingRules: readonly Rule[] = [
  {
    variable: "HASHING_MEMORY",
    besides: ["HASHING_ITERATIONS", "NODE_ENV"],
    isBroken: (values) => inProduction(values) && values.HASHING_MEMORY < (owaspMemory[values.HASHING_ITERATIONS - 1] ?? 7168),
    problem:
      "is too little for HASHING_ITERATIONS in production: OWASP asks for 47104 KiB with 1 iteration, 19456 with 2, " +
      "12288 with 3, 9216 with 4, 7168 with 5.",
    example: "HASHING_MEMORY=19456 with HASHING_ITERATIONS=2",
  },
  {
    variable: "HASHING_CONCURRENCY",
    besides: ["UV_THREADPOOL_SIZE"],
    // Files and DNS wait for the same threads. One hash at a time has to be possible, however few there are.
    isBroken: ({ HASHING_CONCURRENCY: wanted = 1, UV_THREADPOOL_SIZE: threads }) => wanted > 1 && wanted >= threads,
    problem: "must be below UV_THREADPOOL_SIZE (4 unless it is set), so that files and DNS find a thread beside the hashes.",
    example: "HASHING_CONCURRENCY=8 with UV_THREADPOOL_SIZE=12",
  },
];

const rules: readonly Rule[] = [
  ...productionRules,
  ...mailRules,
  ...portRules,
  ...adminRules,
  ...tokenRules,
  ...sessionRules,
  ...hashingRules,
];

/** Catches the copied example and the leaned-on key, not every weak secret. A random one has both tests behind it by far. */
function isUnserious(value: string): boolean {
  const placeholders =
    /change.?(me|this)|replace.?(me|this)|secret|password|example|placeholder|your.?key|default|qwerty|0123456789|123456789/i;
  return placeholders.test(value) || new Set(value).size < 8;
}
