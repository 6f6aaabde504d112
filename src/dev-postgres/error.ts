/** Why the embedded PostgreSQL cannot run, told to the person who started it: what is wrong and what to do. */
export class EmbeddedPostgresError extends Error {
  override readonly name = "EmbeddedPostgresError";
}
