import type { ExecutionResult } from "graphql";

/** A result whose text is ready for the client. It is parsed only where somebody looks into it. */
interface ReadyResult extends ExecutionResult {
  readonly text: string;
}

/** `text` is a JSON object with `data` and nothing else. */
export function createReadyResult(text: string): ExecutionResult {
  const result = {
    get data() {
      return JSON.parse(text).data;
    },
  };
  // Not enumerable: a copy is another result, and its text would be wrong.
  return Object.defineProperty(result, "text", { value: text });
}

function isReady(result: ExecutionResult): result is ReadyResult {
  return "text" in result;
}

/** The text of a result; undefined: it has yet to be written. */
export function readyTextOf(result: ExecutionResult): string | undefined {
  return isReady(result) ? result.text : undefined;
}
