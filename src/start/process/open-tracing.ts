import type { Logger } from "pino";
import { problemOf } from "../../telemetry/logger.ts";
import type { Tracing } from "../../telemetry/tracing.ts";

/** The libraries are loaded where there is somewhere to send traces to, and nowhere else. */
export async function openTracing(endpoint: string | undefined, logger: Logger): Promise<Tracing | undefined> {
  if (endpoint === undefined) return undefined;
  const { createOtlpTracing } = await import("../../telemetry/otlp-tracing.ts");
  return createOtlpTracing(endpoint, (err) => logger.warn({ problem: problemOf(err) }, "the last traces could not be sent"));
}
