import { exitOnFailure } from "./exit-on-failure.ts";
import { whenParentEnds } from "./parent-watch.ts";

/** Calls back at the first order to stop; a second signal aborts `hurry`. */
export function onOrderToStop(stop: (reason: string, hurry: AbortSignal) => Promise<void>): void {
  const hurry = new AbortController();
  let isStopping = false;

  function order(reason: string): void {
    if (isStopping) return;
    isStopping = true;
    exitOnFailure(() => stop(reason, hurry.signal));
  }

  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      if (isStopping) hurry.abort();
      order(signal);
    });
  }
  if (process.env.npm_lifecycle_event !== undefined) whenParentEnds(() => order("the npm script was stopped"));
}
