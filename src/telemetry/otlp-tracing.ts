import { AsyncLocalStorage } from "node:async_hooks";
import { type Context, type Link, ROOT_CONTEXT, type Span, SpanKind, SpanStatusCode, TraceFlags, trace } from "@opentelemetry/api";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { BatchSpanProcessor, NodeTracerProvider } from "@opentelemetry/sdk-trace-node";
import type { OpenSpan, SpanFacts, Tracing } from "./tracing.ts";

const FLUSH_MILLISECONDS = 2000;

const kinds = { server: SpanKind.SERVER, internal: SpanKind.INTERNAL, client: SpanKind.CLIENT } as const;

/** OpenTelemetry without its globals: several gateways in one process have nothing to do with each other. */
export function createOtlpTracing(endpoint: string, logUnsent: (error: unknown) => void): Tracing {
  const active = new AsyncLocalStorage<Context>();
  const exporter = new OTLPTraceExporter({ url: `${endpoint.replace(/\/$/, "")}/v1/traces` });
  const processor = new BatchSpanProcessor(exporter, { exportTimeoutMillis: FLUSH_MILLISECONDS });
  const provider = new NodeTracerProvider({
    resource: resourceFromAttributes({ "service.name": "graphql-auth-gateway" }),
    spanProcessors: [processor],
  });
  const tracer = provider.getTracer("graphql-auth-gateway");

  return {
    begin({ name, kind, facts, traceparent }) {
      const parent = active.getStore() ?? ROOT_CONTEXT;
      const options = { kind: kinds[kind], attributes: toAttributes(facts), links: linksTo(traceparent) };
      const span = tracer.startSpan(name, options, parent);
      return openSpan(span, (work) => active.run(trace.setSpan(parent, span), work));
    },
    close: () => provider.shutdown().catch(logUnsent),
  };
}

function openSpan(span: Span, run: OpenSpan["run"]): OpenSpan {
  return {
    run,
    tell: (facts) => void span.setAttributes(toAttributes(facts)),
    fail: (code) => void span.setStatus({ code: SpanStatusCode.ERROR, message: code }),
    end: () => span.end(),
  };
}

function toAttributes(facts: SpanFacts) {
  return Object.fromEntries(Object.entries(facts).map(([name, fact]) => [name, isWritten(fact) ? fact : [...fact]]));
}

function isWritten(fact: SpanFacts[string]): fact is string | number {
  return typeof fact !== "object";
}

/**
 * W3C Trace Context, section 3.2: the span that called us. A link, not a parent: anybody may send the header, and neither its flag nor
 * an id that was chosen for it is to decide what we keep.
 */
function linksTo(header: string | undefined): Link[] {
  const [, version, traceId = "", spanId = "", flags = ""] =
    /^([\da-f]{2})-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})/.exec(header ?? "") ?? [];
  if (version === undefined || version === "ff" || /^0+$/.test(traceId) || /^0+$/.test(spanId)) return [];
  const traceFlags = Number.parseInt(flags, 16) & TraceFlags.SAMPLED;
  return [{ context: { traceId, spanId, traceFlags, isRemote: true } }];
}
