import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import { type FastHistogram, registerFastHistogram } from "./fast-histogram.ts";

/** Seconds. A query from the token takes less than the first, a login under load up to the last. */
const OPERATION_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const HASHING_BUCKETS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];
/**
 * How often the delay of the event loop is looked at. Each time wakes the process up, so that the 10 ms of prom-client interrupt hashes.
 */
const EVENT_LOOP_MILLISECONDS = 50;

/** Asked for again (replayed) is no theft, an old one (reused) may be; of the others nothing was changed. */
const refreshOutcomes = ["rotated", "replayed", "reused", "not_genuine", "ended"] as const;
export type RefreshOutcome = (typeof refreshOutcomes)[number];

const messageChannels = ["email", "webhook"] as const;
const messageOutcomes = ["sent", "kept", "retried", "dead"] as const;

/** Everything that is counted and measured; docs/operate/monitoring.md says what it is good for. */
export interface Metrics {
  readonly registry: Registry;
  readonly loginSuccesses: Counter;
  readonly loginFailures: Counter;
  readonly tokenRefreshes: Counter<"outcome">;
  readonly auditEvents: Counter<"type">;
  readonly operationSeconds: FastHistogram<"field" | "outcome">;
  /** The calls of graphs behind the gateway. */
  readonly upstreamSeconds: FastHistogram<"upstream" | "outcome">;
  readonly rateLimited: Counter<"field">;
  readonly limitRefusals: Counter<"limit">;
  readonly hashingSeconds: Histogram<"work">;
  readonly hashingRefused: Counter;
  readonly outboxMessages: Counter<"channel" | "outcome">;
  readonly choreRuns: Counter<"chore" | "outcome">;
  readonly removedRoleUsers: Gauge<"role">;
  /** The number of responses by the class of their status: 2 for 2xx. */
  readonly httpResponses: number[];
}

/** A registry of their own: nothing is shared between gateways in one process. */
export function createMetrics(registry = new Registry()): Metrics {
  const metrics = registerMetrics(registry);
  // Prometheus sees an increase from none to one only where it has seen the none.
  for (const outcome of refreshOutcomes) metrics.tokenRefreshes.inc({ outcome }, 0);
  for (const channel of messageChannels) for (const outcome of messageOutcomes) metrics.outboxMessages.inc({ channel, outcome }, 0);
  return metrics;
}

function registerMetrics(registry: Registry): Metrics {
  const registers = [registry];
  return {
    registry,
    loginSuccesses: new Counter({ name: "auth_login_success_total", help: "Sign-ins.", registers }),
    loginFailures: new Counter({ name: "auth_login_failure_total", help: "Sign-ins refused for their credentials.", registers }),
    tokenRefreshes: new Counter({
      name: "auth_token_refresh_total",
      help: `Uses of refresh tokens: ${refreshOutcomes.join(", ")}.`,
      labelNames: ["outcome"],
      registers,
    }),
    auditEvents: new Counter({ name: "auth_audit_events_total", help: "Committed audit events.", labelNames: ["type"], registers }),
    operationSeconds: registerFastHistogram(registry, {
      name: "auth_operation_duration_seconds",
      help: "GraphQL operations by root field and outcome (OK, or the first error's code).",
      buckets: OPERATION_BUCKETS,
    }),
    upstreamSeconds: registerFastHistogram(registry, {
      name: "auth_upstream_duration_seconds",
      help: "Calls of graphs behind the gateway by graph and outcome: answered, unavailable.",
      buckets: OPERATION_BUCKETS,
    }),
    rateLimited: new Counter({
      name: "auth_rate_limited_total",
      help: "Fields refused as RATE_LIMITED.",
      labelNames: ["field"],
      registers,
    }),
    limitRefusals: new Counter({
      name: "auth_limit_refusals_total",
      help: "Limits that refused a call, by their name in `limits` of gateway.yaml.",
      labelNames: ["limit"],
      registers,
    }),
    hashingSeconds: new Histogram({
      name: "auth_hashing_duration_seconds",
      help: "Hashing a password, without the wait for it.",
      labelNames: ["work"],
      buckets: HASHING_BUCKETS,
      registers,
    }),
    hashingRefused: new Counter({ name: "auth_hashing_refused_total", help: "Fields refused as TOO_BUSY.", registers }),
    ...registerBackground(registers),
    httpResponses: countHttpResponses(registry),
  };
}

/** Registers the metrics of work that no caller waits for. */
function registerBackground(registers: Registry[]): Pick<Metrics, "outboxMessages" | "choreRuns" | "removedRoleUsers"> {
  return {
    outboxMessages: new Counter({
      name: "auth_outbox_messages_total",
      help: `Attempts to send a message of the outbox, by channel and what became of it: ${messageOutcomes.join(", ")}.`,
      labelNames: ["channel", "outcome"],
      registers,
    }),
    choreRuns: new Counter({
      name: "auth_chore_runs_total",
      help: "Runs of periodic work, by what it is and how it ended: done, failed.",
      labelNames: ["chore", "outcome"],
      registers,
    }),
    removedRoleUsers: new Gauge({
      name: "auth_removed_role_users",
      help: "Users who hold a role that gateway.yaml does not have, by role, as every process counts them.",
      labelNames: ["role"],
      registers,
    }),
  };
}

/** One of them for every request: so they are plain numbers until somebody looks. */
function countHttpResponses(registry: Registry): number[] {
  const counts = Array<number>(6).fill(0);
  new Counter({
    name: "auth_http_responses_total",
    help: "HTTP answers by class of status.",
    labelNames: ["status"],
    registers: [registry],
    collect() {
      this.reset();
      for (const [status, count] of counts.entries()) if (status > 1) this.inc({ status: `${status}xx` }, count);
    },
  });
  return counts;
}

/** Creates the registry of the process, not of a gateway: to be called once in a process. */
export function createProcessRegistry(): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: EVENT_LOOP_MILLISECONDS });
  return registry;
}

/** The gauges that are read whenever metrics are asked for. */
export interface Readings {
  revocationLagSeconds(): number;
  liveRevocations(): number;
  webSocketConnections(): number;
  hashing(): { readonly running: number; readonly waiting: number };
  pendingMessages(): number;
}

export function watchReadings({ registry }: Metrics, readings: Readings): void {
  const watch = (name: string, help: string, read: () => number) =>
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(read());
      },
    });
  watch("auth_revocation_lag_seconds", "The age of the last proof that every revocation is known.", readings.revocationLagSeconds);
  watch("auth_live_revocations", "Revocations in memory.", readings.liveRevocations);
  watch("auth_websocket_connections", "Open WebSockets.", readings.webSocketConnections);
  watch("auth_hashing_running", "Passwords that are being hashed.", () => readings.hashing().running);
  watch("auth_hashing_waiting", "Requests that wait for their turn to hash.", () => readings.hashing().waiting);
  watch("auth_outbox_pending", "Messages of the outbox that wait to be sent, as every process counts them.", readings.pendingMessages);
}
