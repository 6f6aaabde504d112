import type { ExecutionResult } from "graphql";
import { isRecord } from "../../core/is-record.ts";
import { readUpstreamErrors, upstreamUnavailable } from "./upstream-errors.ts";
import type { UpstreamAnswer } from "./upstream-exchange.ts";

/**
 * What an upstream's answer says, by GraphQL over HTTP, section 6.4: whatever is well-formed counts, also with another status than 200,
 * since many servers answer refusals so. Everything else is no answer.
 */
export function readAnswer(upstream: string, { status, text }: UpstreamAnswer): ExecutionResult {
  const result = readResult(upstream, parseJson(text));
  // A proxy before the graph may answer with errors of its own: without data they say nothing about the operation.
  return status >= 500 && !result.data ? noAnswer(upstream, `an answer of status ${status} without data`) : result;
}

/** One result, as it was sent. */
export function readResult(upstream: string, sent: unknown): ExecutionResult {
  if (!isRecord(sent)) return noAnswer(upstream, "an answer that is no JSON object");
  const { data = null, errors } = sent;
  const read = errors === undefined || errors === null ? [] : readUpstreamErrors(errors, data === null ? upstream : undefined);
  if (read === undefined || !(data === null || isRecord(data))) return noAnswer(upstream, "an answer that is no GraphQL");
  if (data === null && read.length === 0) return noAnswer(upstream, "an answer without data and errors");
  return { data, ...(read.length > 0 && { errors: read }) };
}

function noAnswer(upstream: string, problem: string): ExecutionResult {
  return { data: null, errors: [upstreamUnavailable(upstream, new Error(problem))] };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
