import type { Viewer } from "../auth/tokens/access-tokens.ts";
import type { Account } from "../auth/users/account-store.ts";
import { AuthError } from "../core/errors.ts";
import { SignedInUser } from "./types/user.ts";

/** The signed-in user as the field at `coordinate` answers them: what the token says at once, the rest loaded when it is selected. */
export function viewerAsUser(viewer: Viewer, coordinate: string, load: () => Promise<Account | undefined>): SignedInUser {
  return new SignedInUser({ id: viewer.userId, email: viewer.email, roles: [...viewer.roles] }, async () => {
    const account = await load();
    if (account !== undefined) return account;
    throw new AuthError("UNAUTHENTICATED", { reason: "revoked", coordinate, directive: "authenticated" });
  });
}
