/** The attributes of a span: never a value, a token or somebody's address. */
export type SpanFacts = Readonly<Record<string, string | number | readonly string[]>>;

export type SpanKind = "server" | "internal" | "client";

export interface SpanStart {
  readonly name: string;
  readonly kind: SpanKind;
  readonly facts: SpanFacts;
  /** W3C Trace Context, as it was received: a stranger's word. */
  readonly traceparent?: string | undefined;
}

export interface OpenSpan {
  /** Spans that begin inside belong to this one. */
  run<Result>(work: () => Result): Result;
  tell(facts: SpanFacts): void;
  fail(code: string): void;
  end(): void;
}

export interface Tracing {
  begin(start: SpanStart): OpenSpan;
  /** Sends what has not been sent. */
  close(): Promise<void>;
}

/** Work with a span around it. What it throws ends it as failed, by the error's name only: messages quote values. */
export async function traced<Result>(tracing: Tracing, start: SpanStart, work: (span: OpenSpan) => PromiseLike<Result>): Promise<Result> {
  const span = tracing.begin(start);
  try {
    return await span.run(() => work(span));
  } catch (error) {
    span.fail(error instanceof Error ? error.name : "unknown");
    throw error;
  } finally {
    span.end();
  }
}
