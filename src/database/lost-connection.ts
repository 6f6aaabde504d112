const messages = {
  CONNECTION_CLOSED: "The connection to the database was lost.",
  CONNECTION_ENDED: "The connections to the database are closed.",
  CONNECT_TIMEOUT: "The database did not let us in within the time for it.",
  IS_STANDBY: "The server that answers is a standby, which follows another one: it knows late what was written.",
  NOT_WRITABLE: "None of the hosts of DATABASE_URL can be written to.",
  STATEMENT_TIMEOUT: "The database did not answer a statement within the time for it.",
} as const;

/** Nothing is known of what was under way. */
export class LostConnectionError extends Error {
  override readonly name = "LostConnectionError";
  readonly code: keyof typeof messages;

  constructor(code: keyof typeof messages, options?: { cause?: unknown }) {
    super(messages[code], options);
    this.code = code;
  }
}
