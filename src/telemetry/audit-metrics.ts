import type { AuditLog } from "../auth/audit/audit.ts";
import type { AuditEventType } from "../auth/audit/audit-events.ts";
import type { Metrics, RefreshOutcome } from "./metrics.ts";

const refreshes: Partial<Record<AuditEventType, RefreshOutcome>> = {
  TOKEN_REFRESHED: "rotated",
  REFRESH_REPLAYED: "replayed",
  REFRESH_REUSED: "reused",
};

/** Counts what the domain announces, so that the domain knows of no metrics; then tells the log. */
export function countAuditEvents(
  metrics: Pick<Metrics, "auditEvents" | "tokenRefreshes" | "loginSuccesses" | "loginFailures">,
  log: AuditLog,
): AuditLog {
  return (level, event) => {
    const { type } = event;
    metrics.auditEvents.inc({ type });
    const refresh = refreshes[type];
    if (refresh !== undefined) metrics.tokenRefreshes.inc({ outcome: refresh });
    else if (type === "LOGIN_SUCCEEDED") metrics.loginSuccesses.inc();
    else if (type === "LOGIN_FAILED") metrics.loginFailures.inc();
    log(level, event);
  };
}
