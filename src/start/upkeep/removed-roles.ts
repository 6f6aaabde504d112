import type { Logger } from "pino";
import type { AccountDirectory } from "../../auth/admin/account-directory.ts";
import type { HeldRole } from "../../auth/admin/held-roles-store.ts";
import type { Config } from "../../config/config.ts";

export interface RemovedRolesParts {
  readonly roles: Config["roles"];
  readonly logger: Logger;
  /** For the meters. */
  onCount(held: readonly HeldRole[]): void;
}

/**
 * Looks which roles users hold that were taken out of gateway.yaml: they have no scopes, and `@hasRole` still finds them. It reads all
 * users, in one process at a time. The log has them once, and again where they are others or held by others.
 */
export function createRemovedRolesCheck(
  directory: Pick<AccountDirectory, "countOtherRoles">,
  { roles, logger, onCount }: RemovedRolesParts,
): (signal: AbortSignal) => Promise<void> {
  let told = "{}";
  return async (signal) => {
    const held = await directory.countOtherRoles([...roles.keys()], signal);
    if (held === undefined) return;
    onCount(held);
    const counts = Object.fromEntries(held.map(({ role, users }) => [role, users]));
    const text = JSON.stringify(counts);
    if (text !== told && held.length > 0) {
      logger.warn(
        { roles: counts },
        "users hold roles that gateway.yaml does not have: they give no scopes; take them away with setUserRoles, or configure them",
      );
    }
    told = text;
  };
}
