import type { Permissions } from "../../core/permissions.ts";
import type { CustomClaimValues } from "./custom-claims.ts";

/** Who calls the graphs behind the gateway: one of our users, or a caller whom another issuer vouches for. */
export interface IdentifiedCaller extends Permissions {
  /** The `iss` of the access token: ours for our own users. */
  readonly issuer: string;
  /** Of that issuer: unique only together with it. */
  readonly subject: string;
  /** Of our own users only. */
  readonly sessionId?: string;
  /** Of other issuers only where they say that it is verified. */
  readonly email?: string;
  /** What the operator added to it; of our own users only. */
  readonly custom?: CustomClaimValues;
  /** Of the token. */
  readonly expiresAt: Date;
}
