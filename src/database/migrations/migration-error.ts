/** What an operator has to mend before the tables can be brought up to date. */
export class MigrationError extends Error {
  override readonly name = "MigrationError";
}
