import type { Logger } from "pino";
import type { Config } from "../../config/config.ts";
import type { MistypedName } from "../../config/environment/env-file.ts";

/** What is allowed, and yet probably not meant. */
export function warnOfSettings(
  { environment, mail }: Pick<Config, "environment" | "mail">,
  mistyped: readonly MistypedName[],
  logger: Logger,
): void {
  for (const { name, meant } of mistyped) logger.warn(`.env sets ${name}, which this server does not know: is ${meant} meant?`);
  if (environment === "production" && mail.smtp === undefined)
    logger.warn("there is no SMTP_URL, so no mail is sent: nobody can verify an address, nor set a new password for a forgotten one");
}
