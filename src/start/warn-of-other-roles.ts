import type { Logger } from "pino";
import type { AccountDirectory } from "../auth/accounts/account-directory.ts";
import type { Config } from "../config/config.ts";

/** Once, at the start, beside serving, for it reads all users. Never rejects. Says which roles users still hold that were taken out of gateway.yaml: they have no scopes, and `@hasRole` still finds them. */
export async function warnOfOtherRoles(
  directory: Pick<AccountDirectory, "countOtherRoles">,
  { roles, logger }: Pick<Config, "roles"> & { readonly logger: Logger },
): Promise<void> {
  const held = await directory.countOtherRoles([...roles.keys()]).catch((err: unknown) => {
    logger.warn({ err }, "the roles that users hold could not be compared with gateway.yaml");
    return [];
  });
  if (held.length === 0) return;
  logger.warn(
    { roles: Object.fromEntries(held.map(({ role, users }) => [role, users])) },
    "users hold roles that gateway.yaml does not have: they give no scopes; take them away with setUserRoles, or configure them",
  );
}
