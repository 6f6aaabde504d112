import { createLogout } from "./ending/logout.ts";
import { createRevokeSessions } from "./ending/revoke-sessions.ts";
import { createOpenSession } from "./opening/open-session.ts";
import { createSignIn, type SignInOptions } from "./opening/sign-in.ts";
import { createRefresh } from "./refresh/refresh.ts";
import { refreshWithClaims } from "./refresh/refresh-with-claims.ts";
import { createFindRefreshingAccount } from "./refresh/refreshing-account-store.ts";
import type { SessionOptions, SessionParts, Sessions } from "./sessions.ts";

export function createSessions(parts: SessionParts, options: SignInOptions): Sessions {
  return {
    open: createOpenSession(parts, options),
    signIn: createSignIn(parts, options),
    refresh: createRefreshing(parts, options),
    logout: createLogout(parts),
    ...createRevokeSessions(parts),
  };
}

/** Without claims to ask for nothing stands between a refresh and its one statement. */
function createRefreshing(parts: SessionParts, options: SessionOptions): Sessions["refresh"] {
  const { database, askForClaims, clock } = parts;
  const refresh = createRefresh(parts, options);
  if (askForClaims === undefined) return refresh;
  return refreshWithClaims(refresh, { findRefreshingAccount: createFindRefreshingAccount(database), askForClaims, clock }, options);
}
