export type RevocationKind = "session" | "user" | "everybody";

/** Ends access tokens before they expire: those of one session, those of one user below a version, or everybody's of sessions with a lower id. */
export interface Revocation {
  readonly kind: RevocationKind;
  /** For `everybody`: the lowest id of a session that goes on. */
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
