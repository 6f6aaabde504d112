import { Pool } from "undici";
import type { ConnectionOptions } from "./upstream-options.ts";

/** Sockets to one upstream: more calls than these at a time wait for each other, within their time-out. */
const MAXIMUM_SOCKETS = 128;
/** Answers that say "not now": sent again where that can do no harm. */
const passingStatuses: ReadonlySet<number> = new Set([502, 503, 504]);
/** Between two attempts. */
const PAUSE_MILLISECONDS = 50;

export interface UpstreamRequest {
  /** JSON. */
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly isRepeatable: boolean;
}

export interface UpstreamAnswer {
  readonly status: number;
  readonly text: string;
}

/** Kept connections to one upstream. */
export interface UpstreamConnection {
  /** Rejects where there is no whole answer within the time and size allowed. Follows no redirect. */
  post(request: UpstreamRequest): Promise<UpstreamAnswer>;
  /** Once what is under way has been answered. */
  close(): Promise<void>;
}

type Options = Pick<ConnectionOptions, "url" | "timeoutMilliseconds" | "retries" | "maximumAnswerBytes">;

export function connectUpstream({ url, timeoutMilliseconds, retries, maximumAnswerBytes }: Options): UpstreamConnection {
  const { origin, pathname, search } = new URL(url);
  const path = `${pathname}${search}`;
  const pool = new Pool(origin, {
    connections: MAXIMUM_SOCKETS,
    maxResponseSize: maximumAnswerBytes,
    // The deadline of each call covers both, and a body that trickles, too: theirs would begin anew with every byte.
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: { timeout: timeoutMilliseconds },
  });

  async function postOnce({ body, headers }: UpstreamRequest, signal: AbortSignal): Promise<UpstreamAnswer> {
    const answer = await pool.request({ method: "POST", path, headers, body, signal });
    return { status: answer.statusCode, text: await answer.body.text() };
  }

  async function post(request: UpstreamRequest, signal: AbortSignal): Promise<UpstreamAnswer> {
    for (let left = request.isRepeatable ? retries : 0; ; left -= 1) {
      try {
        const answer = await postOnce(request, signal);
        if (left <= 0 || !passingStatuses.has(answer.status)) return answer;
      } catch (error) {
        if (left <= 0 || signal.aborted || isTooLarge(error)) throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MILLISECONDS));
    }
  }

  return {
    async post(request) {
      const deadline = new AbortController();
      const timer = setTimeout(() => deadline.abort(), timeoutMilliseconds);
      try {
        return await post(request, deadline.signal);
      } finally {
        clearTimeout(timer);
      }
    },
    close: () => pool.close(),
  };
}

function isTooLarge(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "UND_ERR_RES_EXCEEDED_MAX_SIZE";
}
