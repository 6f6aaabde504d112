import type { AuditLog } from "../auth/audit/audit.ts";
import type { Auth } from "../auth/auth.ts";
import type { RefusedCall } from "../auth/limits/call-limits.ts";
import type { HashingQueue } from "../auth/passwords/hashing-queue.ts";
import type { PasswordEngine } from "../auth/passwords/password-engine.ts";
import type { OpenDatabaseOptions } from "../database/open-database.ts";
import type { Upstream } from "../gateway/upstreams/upstream.ts";
import type { Operations } from "../graphql/operations.ts";
import type { RequestObserver } from "../http/observe-requests.ts";
import type { CourierParts } from "../outbox/handle-message.ts";
import { countAuditEvents } from "../telemetry/audit-metrics.ts";
import { measureHashing } from "../telemetry/measure-hashing.ts";
import { measureOperations } from "../telemetry/measure-operations.ts";
import { measureUpstream } from "../telemetry/measure-upstreams.ts";
import { type Metrics, watchReadings } from "../telemetry/metrics.ts";
import { traceHashing } from "../telemetry/trace-hashing.ts";
import { traceOperations } from "../telemetry/trace-operations.ts";
import { createRequestTracer } from "../telemetry/trace-requests.ts";
import { traceStatements } from "../telemetry/trace-statements.ts";
import type { Tracing } from "../telemetry/tracing.ts";
import type { RemovedRolesParts } from "./upkeep/removed-roles.ts";
import type { UpkeepParts } from "./upkeep/upkeep.ts";

/** Puts meters and traces around the parts of a gateway, none of which knows. */
export interface Telemetry {
  readonly instrumentPool: OpenDatabaseOptions["instrument"];
  readonly requestObserver: RequestObserver;
  instrumentLog(log: AuditLog): AuditLog;
  instrumentEngine(engine: PasswordEngine): PasswordEngine;
  observeOperations(operations: Operations): Operations;
  observeUpstream(upstream: Upstream): Upstream;
  countRefusals(tell: (refused: RefusedCall) => void): (refused: RefusedCall) => void;
  readonly countMessage: CourierParts["onOutcome"];
  readonly countChore: UpkeepParts["onRun"];
  readonly countRemovedRoles: RemovedRolesParts["onCount"];
  /** What can be read from the parts once they are there. */
  watch(parts: WatchedParts): void;
}

type WatchedParts = Pick<Auth, "revocations" | "revocationFeed"> & {
  readonly hashingQueue: Pick<HashingQueue, "load">;
  readonly outbox: { pending(): number };
};

export function createTelemetry(metrics: Metrics, tracing: Tracing | undefined): Telemetry {
  let countSockets = () => 0;
  return {
    instrumentPool: tracing && ((pool) => traceStatements(pool, tracing)),
    requestObserver: {
      answered(status) {
        const group = Math.floor(status / 100);
        metrics.httpResponses[group] = (metrics.httpResponses[group] ?? 0) + 1;
      },
      watchSockets(count) {
        countSockets = count;
      },
      tracer: tracing && createRequestTracer(tracing),
    },
    instrumentLog: (log) => countAuditEvents(metrics, log),
    instrumentEngine(engine) {
      const measured = measureHashing(engine, metrics);
      return tracing === undefined ? measured : traceHashing(measured, tracing);
    },
    observeOperations(operations) {
      const measured = measureOperations(operations, metrics);
      return tracing === undefined ? measured : traceOperations(measured, tracing);
    },
    observeUpstream: (upstream) => measureUpstream(upstream, metrics),
    countRefusals: (tell) => (refused) => {
      metrics.limitRefusals.inc({ limit: refused.setting });
      tell(refused);
    },
    countMessage: (outcome, { channel }) => metrics.outboxMessages.inc({ channel, outcome }),
    countChore: (chore, outcome) => metrics.choreRuns.inc({ chore, outcome }),
    countRemovedRoles(held) {
      metrics.removedRoleUsers.reset();
      for (const { role, users } of held) metrics.removedRoleUsers.set({ role }, users);
    },
    watch({ revocations, revocationFeed, hashingQueue, outbox }) {
      watchReadings(metrics, {
        revocationLagSeconds: revocationFeed.lagSeconds,
        liveRevocations: revocations.count,
        webSocketConnections: () => countSockets(),
        hashing: hashingQueue.load,
        pendingMessages: outbox.pending,
      });
    },
  };
}
