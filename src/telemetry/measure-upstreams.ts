import type { Upstream } from "../gateway/upstreams/upstream.ts";
import { unavailableBecause } from "../gateway/upstreams/upstream-errors.ts";
import { isText } from "../graphql/answers.ts";
import type { Metrics } from "./metrics.ts";

/** Measures every call of a graph behind the gateway, retries included; subscriptions are not calls. */
export function measureUpstream(upstream: Upstream, { upstreamSeconds }: Pick<Metrics, "upstreamSeconds">): Upstream {
  const observers = {
    answered: upstreamSeconds.of({ upstream: upstream.name, outcome: "answered" }),
    unavailable: upstreamSeconds.of({ upstream: upstream.name, outcome: "unavailable" }),
  };
  return {
    ...upstream,
    execute(operation, context) {
      const startedAt = performance.now();
      return upstream.execute(operation, context).then((answer) => {
        // Errors that the upstream answered with are answers.
        const outcome = isText(answer) || unavailableBecause(answer) === undefined ? "answered" : "unavailable";
        observers[outcome].observe((performance.now() - startedAt) / 1000);
        return answer;
      });
    },
  };
}
