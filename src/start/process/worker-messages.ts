/** What the primary and its workers tell each other. */
export type ToWorker = { readonly type: "stop" | "hurry" | "readMetrics" };
export type FromWorker =
  | { readonly type: "listening"; readonly address: string }
  | { readonly type: "metrics"; readonly metrics: readonly object[] };
