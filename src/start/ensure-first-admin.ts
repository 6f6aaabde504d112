import type { Logger } from "pino";
import { type AuditLog, createAudit } from "../auth/audit/audit.ts";
import { createOperator } from "../auth/operator.ts";
import type { PasswordParts } from "../auth/passwords/passwords.ts";
import { createTransact } from "../auth/work/unit-of-work.ts";
import type { Config } from "../config/config.ts";
import type { Clock } from "../core/clock.ts";
import { StartupError } from "../core/errors.ts";
import { createSecureRandom } from "../core/random.ts";
import type { Database } from "../database/database.ts";
import { describeInputProblems } from "./describe-input-problems.ts";
import { createNews } from "./messages/news.ts";
import { serviceNamesOf } from "./service-names.ts";

export interface FirstAdminWorld {
  readonly database: Database;
  readonly clock: Clock;
  readonly hashing: PasswordParts;
  readonly log: AuditLog;
  readonly logger: Logger;
  readonly secrets: readonly [string, ...string[]];
}

/** Makes the admin of ADMIN_EMAIL and ADMIN_PASSWORD where there is none yet; of processes that start together, one does. */
export async function ensureFirstAdmin(config: Config, world: FirstAdminWorld): Promise<void> {
  if (config.firstAdmin === undefined) return;
  const { database, clock, hashing, log, logger, secrets } = world;
  const random = createSecureRandom();
  const news = createNews(config, { secrets, clock, random });
  const audit = createAudit({ database, clock, random, log, news });
  // A new account has no access tokens to refuse.
  const transact = createTransact({ database, audit, outbox: news.outbox, clock, apply: () => undefined });
  const operator = createOperator(
    { database, transact, clock, random, hashing },
    { ...config.tokens, serviceNames: serviceNamesOf(config) },
  );
  const outcome = await operator.createFirstAdmin(config.firstAdmin).catch(explain);
  if (outcome === "created") logger.info("the first admin was created, as ADMIN_EMAIL and ADMIN_PASSWORD say");
  if (outcome === "address_taken") {
    logger.warn(
      "there is no admin, and somebody has registered the address in ADMIN_EMAIL already: where it is the right person, " +
        "run create-admin --promote with it",
    );
  }
}

function explain(error: unknown): never {
  const problems = describeInputProblems(error, { email: "ADMIN_EMAIL", password: "ADMIN_PASSWORD" });
  if (problems === undefined) throw error;
  throw new StartupError(problems);
}
