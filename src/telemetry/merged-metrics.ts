import { AggregatorRegistry, type PrometheusContentType, Registry } from "prom-client";

/** The metrics of one of several processes, as its registry gives them. */
export interface ProcessMetrics {
  readonly worker: number;
  readonly metrics: readonly object[];
}

interface Metric {
  readonly values: readonly { readonly labels: Readonly<Record<string, string | number>> }[];
}

/**
 * Every process keeps series of its own, told apart by the label `worker`: a sum over processes would fall when one of them is
 * replaced, which Prometheus takes for a counter that began again from nothing.
 */
export function mergeMetrics(processes: readonly ProcessMetrics[], own: Registry<PrometheusContentType>): Promise<string> {
  const labelled = processes.map(({ worker, metrics }) => metrics.map((metric) => label(metric as Metric, worker)));
  const merged = AggregatorRegistry.aggregate<PrometheusContentType>(labelled);
  return Registry.merge([merged, own]).metrics();
}

function label(metric: Metric, worker: number): object {
  const values = metric.values.map((value) => ({ ...value, labels: { ...value.labels, worker } }));
  // No two of them have the same labels, so this adds nothing up; other aggregators leave metrics out.
  return { ...metric, values, aggregator: "sum" };
}
