/** Ends access tokens before they expire: those of one session, or those of one user below a version. */
export interface Revocation {
  readonly kind: "session" | "user";
  readonly subjectId: string;
  /** For `user`: tokens with a lower version are refused. */
  readonly version: number | null;
  /** When every token that it concerns has expired. */
  readonly expiresAt: Date;
}

/** What a token has to say for itself. */
export interface Revocable {
  readonly userId: string;
  readonly sessionId: string;
  readonly version: number;
}
