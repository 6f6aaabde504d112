/** Where a claim is: names within names. */
export type ClaimPath = readonly string[];

/** Another issuer whose access tokens are taken, and what of them counts here. */
export interface OtherIssuer {
  /** Exactly as its tokens and its discovery document write it. */
  readonly issuer: string;
  /** Undefined: told by its discovery document. */
  readonly jwksUrl: string | undefined;
  /** Undefined: only tokens without `aud` are taken, by `clients`. */
  readonly audience: string | undefined;
  /** Those whose tokens without `aud` are taken, by `client_id` or `azp`. */
  readonly clients: ReadonlySet<string>;
  /** JOSE names of asymmetric signatures. */
  readonly algorithms: readonly string[];
  /** Undefined: nothing becomes a role, or a scope. */
  readonly claims: { readonly roles: ClaimPath | undefined; readonly scopes: ClaimPath | undefined };
  /** Their role → ours, and no others. Undefined: those of the same names, but `admin`. */
  readonly roles: ReadonlyMap<string, readonly string[]> | undefined;
  /** The only ones that are taken. Undefined: all. */
  readonly scopes: ReadonlySet<string> | undefined;
}
