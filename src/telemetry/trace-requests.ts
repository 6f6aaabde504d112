import type { RequestTracer } from "../http/observe-requests.ts";
import type { Tracing } from "./tracing.ts";

/** A trace for every HTTP request, with a link to its caller's. Of the address only the route: a query carries variables. */
export function createRequestTracer(tracing: Tracing): RequestTracer {
  return {
    begin({ method, path, headers }) {
      const { traceparent } = headers;
      const span = tracing.begin({
        name: `${method} ${path}`,
        kind: "server",
        facts: { "http.request.method": method, "http.route": path },
        traceparent: typeof traceparent === "string" ? traceparent : undefined,
      });
      return {
        run: span.run,
        end(status) {
          span.tell({ "http.response.status_code": status });
          if (status >= 500) span.fail(String(status));
          span.end();
        },
      };
    },
  };
}
