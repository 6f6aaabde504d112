import { pgSchema } from "drizzle-orm/pg-core";

/** Where everything of ours lives. The name stands for the configured one (`DATABASE_SCHEMA`), which takes its place in every statement. */
export const authSchema = pgSchema("auth");
