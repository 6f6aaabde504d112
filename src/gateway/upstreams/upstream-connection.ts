import { Pool } from "undici";
import { exchange, type UpstreamAnswer } from "./upstream-exchange.ts";
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

/** Kept connections to one upstream. */
export interface UpstreamConnection {
  /** Rejects where there is no whole answer within the time and size allowed. Follows no redirect. */
  post(request: UpstreamRequest): Promise<UpstreamAnswer>;
  /** Closes the connection, once all calls under way have been answered. */
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

  const postOnce = ({ body, headers }: UpstreamRequest, patience: number) =>
    exchange(pool, { method: "POST", path, headers, body }, patience);

  async function postAgain(request: UpstreamRequest): Promise<UpstreamAnswer> {
    const deadline = performance.now() + timeoutMilliseconds;
    for (let left = retries; ; left -= 1) {
      const patience = deadline - performance.now();
      const isLast = left <= 0 || patience <= PAUSE_MILLISECONDS;
      try {
        const answer = await postOnce(request, patience);
        if (isLast || !passingStatuses.has(answer.status)) return answer;
      } catch (error) {
        if (isLast || performance.now() + PAUSE_MILLISECONDS >= deadline || isTooLarge(error)) throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MILLISECONDS));
    }
  }

  return {
    post: (request) => (request.isRepeatable && retries > 0 ? postAgain(request) : postOnce(request, timeoutMilliseconds)),
    close: () => pool.close(),
  };
}

function isTooLarge(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "UND_ERR_RES_EXCEEDED_MAX_SIZE";
}
