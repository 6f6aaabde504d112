/** Why an identity token is refused. Closed. */
export type IdentityProblem =
  // Where an identity is required: somebody who came past the gateway, or a gateway that does not say so of anonymous callers.
  | "missing"
  // An access token, which services verify by themselves.
  | "access_token"
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

const hints: Partial<Record<IdentityProblem, string>> = {
  missing: " This service takes calls by the gateway only.",
  access_token:
    " This function verifies the identity that the gateway signs, not access tokens: for those see " +
    "docs/operate/services.md (jose and the gateway's JWKS).",
};

/** A request whose identity token is not one of the gateway's for this service. The message never holds the token. */
export class IdentityError extends Error {
  override readonly name = "IdentityError";
  readonly reason: IdentityProblem;
  /** For frameworks that answer with it (Fastify). */
  readonly statusCode: 401 | 503;
  /** For GraphQL servers: the code, and the status as Apollo Server and GraphQL Yoga read it. */
  readonly extensions: {
    readonly code: "UNAUTHENTICATED" | "SERVICE_UNAVAILABLE";
    readonly reason: IdentityProblem;
    readonly http: { readonly status: 401 | 503 };
  };

  constructor(reason: IdentityProblem, options?: ErrorOptions) {
    super(`The Gateway-Identity header is refused: ${reason}.${hints[reason] ?? ""}`, options);
    this.reason = reason;
    this.statusCode = reason === "keys_unavailable" ? 503 : 401;
    const code = reason === "keys_unavailable" ? "SERVICE_UNAVAILABLE" : "UNAUTHENTICATED";
    this.extensions = { code, reason, http: { status: this.statusCode } };
  }
}
