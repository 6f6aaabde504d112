import type { ExecutionResult } from "graphql";

/** An answer that is ready for the client as it came: the text of a JSON object with `data` and nothing else. */
export interface TextAnswer {
  readonly kind: "text";
  readonly text: string;
}

/** What an operation is answered with. */
export type Answered = ExecutionResult | TextAnswer;

export function isText(answer: object): answer is TextAnswer {
  return "kind" in answer;
}

/** For whoever looks into it. */
export function readResult(answer: Answered): ExecutionResult {
  return isText(answer) ? { data: JSON.parse(answer.text).data } : answer;
}
