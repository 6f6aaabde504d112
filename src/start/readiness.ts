import type { RevocationFeed } from "../auth/revocations/revocation-feed.ts";
import { withDeadline } from "../core/deadline.ts";
import { isDatabaseUnavailable } from "../database/unavailable.ts";
import type { Readiness } from "../http/health.ts";

const KEPT_MILLISECONDS = 1000;
const DEADLINE_MILLISECONDS = 2000;

type DatabaseChecks = Pick<Readiness["checks"], "database" | "migrations">;

export interface ReadinessParts {
  readonly isMigrated: () => Promise<boolean>;
  /** Rejects where nothing can be written. */
  readonly proveWritable: () => Promise<unknown>;
  readonly revocationFeed: Pick<RevocationFeed, "isFresh">;
  readonly isDraining: () => boolean;
}

/** Whatever the number of probes, the database is asked once a second. */
export function createReadiness({ isMigrated, proveWritable, revocationFeed, isDraining }: ReadinessParts): () => Promise<Readiness> {
  let askAgainAt = Number.NEGATIVE_INFINITY;
  let answer: Promise<DatabaseChecks> | undefined;

  function checkDatabase(): Promise<DatabaseChecks> {
    if (answer !== undefined && performance.now() < askAgainAt) return answer;
    askAgainAt = Number.POSITIVE_INFINITY;
    answer = askDatabase(isMigrated, proveWritable).finally(() => {
      askAgainAt = performance.now() + KEPT_MILLISECONDS;
    });
    return answer;
  }

  return async () => {
    const checks = { ...(await checkDatabase()), revocationFeed: revocationFeed.isFresh() ? "ok" : "failed" } as const;
    const draining = isDraining();
    return { ready: !draining && Object.values(checks).every((check) => check === "ok"), draining, checks };
  };
}

async function askDatabase(isMigrated: () => Promise<boolean>, proveWritable: () => Promise<unknown>): Promise<DatabaseChecks> {
  try {
    if (!(await withDeadline(isMigrated(), DEADLINE_MILLISECONDS))) return { database: "ok", migrations: "failed" };
  } catch (error) {
    return { database: isDatabaseUnavailable(error) ? "failed" : "ok", migrations: "failed" };
  }
  // Whatever it fails of: a role that may only read lets nobody sign in, though it can be asked.
  const isWritable = await withDeadline(proveWritable(), DEADLINE_MILLISECONDS).then(
    () => true,
    () => false,
  );
  return { database: isWritable ? "ok" : "failed", migrations: "ok" };
}
