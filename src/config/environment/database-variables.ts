import { databaseSchema, databaseUrl, oneOf, redisUrl, wholeNumber } from "./variable-values.ts";

/** A part of `variables`: where data is kept. */
export const databaseVariables = {
  DATABASE_URL: {
    description: "The PostgreSQL database.",
    defaultNote: "an embedded PostgreSQL with its data in .data/; required in production",
    example: "postgres://gateway:password@db.example.com:5432/gateway",
    value: databaseUrl,
  },
  DATABASE_SCHEMA: {
    description: "The PostgreSQL schema that everything of this server's own is kept in; it is made at the first start.",
    default: "auth",
    example: "auth",
    value: databaseSchema,
  },
  DATABASE_POOL_SIZE: {
    description: "The most connections to PostgreSQL that one process opens.",
    default: "10",
    example: "10",
    value: wholeNumber({ min: 2, max: 100 }),
  },
  DATABASE_PREPARED_STATEMENTS: {
    description: "`off` where a pooler in between forgets prepared statements, as PgBouncer before 1.21 does in transaction mode.",
    default: "on",
    example: "off",
    value: oneOf(["on", "off"]),
  },
  DATABASE_DIRECT_URL: {
    description: "The same database without a transaction pooler such as PgBouncer in between, for migrations and for announcements.",
    defaultNote: "DATABASE_URL",
    example: "postgres://gateway:password@db.example.com:5432/gateway",
    value: databaseUrl,
  },
  DATABASE_READ_URL: {
    description:
      "A read replica of the same database, for lists of users, the audit trail and exports; nothing is decided by what it says.",
    defaultNote: "DATABASE_URL",
    example: "postgres://gateway:password@replica.example.com:5432/gateway",
    value: databaseUrl,
  },
  REDIS_URL: {
    description: "Where all processes count calls together; memory takes over while it is away.",
    defaultNote: "none: calls are counted in PostgreSQL and in the memory of each process",
    example: "redis://redis.example.com:6379",
    value: redisUrl,
  },
} as const;
