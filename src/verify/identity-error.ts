/** Why an identity token is refused. Closed. */
export type IdentityProblem =
  | "malformed"
  | "wrong_type"
  | "wrong_algorithm"
  | "unknown_key"
  | "invalid_signature"
  | "wrong_issuer"
  | "wrong_audience"
  | "not_yet_valid"
  | "expired"
  // No verdict: the gateway's keys could not be read. Worth another attempt.
  | "keys_unavailable";

/** A request whose identity token is not one of the gateway's for this service. The message never holds the token. */
export class IdentityError extends Error {
  override readonly name = "IdentityError";
  readonly reason: IdentityProblem;
  /** For frameworks that answer with it (Fastify). */
  readonly statusCode: 401 | 503;

  constructor(reason: IdentityProblem, options?: ErrorOptions) {
    super(`The Gateway-Identity header is refused: ${reason}.`, options);
    this.reason = reason;
    this.statusCode = reason === "keys_unavailable" ? 503 : 401;
  }
}
