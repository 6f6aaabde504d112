import type { Dispatcher } from "undici";

export interface UpstreamAnswer {
  readonly status: number;
  readonly text: string;
}

/** One of an exchange's own: it may be over before the exchange has begun, where all sockets are taken. */
function createPatience(milliseconds: number, giveUp: (error: Error) => void) {
  let controller: Dispatcher.DispatchController | undefined;
  let error: Error | undefined;
  const timer = setTimeout(() => {
    error = new Error("no whole answer within the time allowed");
    giveUp(error);
    controller?.abort(error);
  }, milliseconds);
  return {
    begin(begun: Dispatcher.DispatchController): void {
      controller = begun;
      if (error !== undefined) begun.abort(error);
    },
    end: () => clearTimeout(timer),
  };
}

/**
 * Sends one request and takes its whole answer. Rejects where that does not come within `patience` milliseconds. It does without the
 * streams, signals and events of `request`, which cost as much as all else that is done for an answer of a few kilobytes.
 */
export function exchange(dispatcher: Dispatcher, options: Dispatcher.DispatchOptions, patience: number): Promise<UpstreamAnswer> {
  return new Promise((resolve, reject) => {
    const waiting = createPatience(patience, reject);
    const chunks: Buffer[] = [];
    let status = 0;
    dispatcher.dispatch(options, {
      onRequestStart: (controller) => waiting.begin(controller),
      onResponseStart(_controller, statusCode) {
        status = statusCode;
      },
      onResponseData: (_controller, chunk) => void chunks.push(chunk),
      onResponseEnd() {
        waiting.end();
        resolve({ status, text: textOf(chunks) });
      },
      onResponseError(_controller, error) {
        waiting.end();
        reject(error);
      },
    });
  });
}

const BYTE_ORDER_MARK = "\ufeff";

function textOf(chunks: readonly Buffer[]): string {
  const [first] = chunks;
  if (first === undefined) return "";
  const text = (chunks.length === 1 ? first : Buffer.concat(chunks)).toString("utf8");
  return text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text;
}
