import type { IncomingHttpHeaders } from "node:http";
import type { Auth } from "../auth/auth.ts";
import type { Viewer } from "../auth/tokens/access-tokens.ts";
import type { IdentifiedCaller } from "../auth/tokens/identified-caller.ts";
import type { ClientInfo } from "../core/client-info.ts";
import type { Clock } from "../core/clock.ts";
import { AuthError } from "../core/errors.ts";
import { type Anonymous, isAnonymous } from "../core/permissions.ts";
import type { AccessExplainer } from "./access-explainer.ts";
import type { Loaders } from "./loaders.ts";
import type { RefreshTokenCarrier } from "./types/refresh-token-carrier.ts";

/** Hands a token to the client: what is to stand in the body, null where it travels elsewhere. */
export type HandRefreshToken = (refreshToken: string, expiresAt: Date) => string | null;

/** A token that the client sent, if any, and the way its successor goes back. */
export interface PresentedRefreshToken {
  readonly refreshToken: string | undefined;
  readonly hand: HandRefreshToken;
}

/** How refresh tokens travel to and from this client: in the body, or in a cookie that scripts cannot read. */
export interface RefreshTokens {
  /** Chooses the carrier for a client that signs in, before anything is done. Throws BAD_USER_INPUT where that is not allowed. */
  choose(asked: `${RefreshTokenCarrier}` | null | undefined): HandRefreshToken;
  /** Given what the operation's input holds. */
  read(input: string | null | undefined): PresentedRefreshToken;
  /** Takes the token out of the client's hands, where it is kept for it, after its session was ended on the client's word. */
  withdraw(refreshToken: string | undefined): void;
}

/** The WebSocket that an operation came on. It lives as long as its access token, and stays with one session for good. */
export interface LiveConnection {
  /**
   * Replaces the access token that the socket lives by. Throws UNAUTHENTICATED for a token that is not valid, BAD_USER_INPUT
   * for one of another session or, from another issuer, of another subject; then the earlier one stays in force.
   */
  reauthenticate(accessToken: string): Promise<IdentifiedCaller>;
}

/** One request's own: never shared, so that nothing keyed on it can reach another request. */
export interface RequestContext {
  readonly auth: Auth;
  readonly clock: Clock;
  readonly requestId: string;
  /** The caller on the auth graph: one of our users, or nobody. Decoded once, before execution; on a WebSocket, as its token is now. */
  readonly viewer: Viewer | Anonymous;
  /** The caller for whom the graphs behind the gateway are asked: `viewer`, or one whom another issuer vouches for. */
  readonly caller: IdentifiedCaller | Anonymous;
  /** The token of `caller`, or the one that was refused; on a WebSocket that of `connection_init`, or of the last `reauthenticate`. */
  readonly accessToken: string | undefined;
  readonly client: ClientInfo;
  /** The headers as the client sent them; on a WebSocket those that it was opened with. */
  readonly clientHeaders: IncomingHttpHeaders;
  readonly refreshTokens: RefreshTokens;
  readonly loaders: Loaders;
  /** Explains operations on the served graph. */
  readonly explainAccess: AccessExplainer;
  /** The WebSocket; absent over HTTP. */
  readonly connection?: LiveConnection;
}

/** The viewer of a guarded field. Throws where the guard let nobody through, too: there is no second way in. */
export function getViewer({ viewer }: RequestContext): Viewer {
  if (!isAnonymous(viewer)) return viewer;
  if (viewer.reason === "unverifiable") throw new AuthError("SERVICE_UNAVAILABLE", {});
  throw new AuthError("UNAUTHENTICATED", { reason: viewer.reason });
}

/** The viewer where it is one of our users, else undefined. */
export function viewerOf(context: RequestContext): Viewer | undefined {
  return isAnonymous(context.viewer) ? undefined : context.viewer;
}
