import type { ExecutionResult } from "graphql";
import type { UpstreamAnswer } from "./upstream-connection.ts";
import { readUpstreamErrors, upstreamUnavailable } from "./upstream-errors.ts";

/**
 * What an upstream's answer says, by GraphQL over HTTP, section 6.4: whatever is well-formed counts, also with another status than 200,
 * since many servers answer refusals so. Everything else is no answer.
 */
export function readAnswer(upstream: string, { status, text }: UpstreamAnswer): ExecutionResult {
  const parsed = parseJson(text);
  if (parsed === undefined) return noAnswer(upstream, `an answer of status ${status} that is no JSON`);
  const { data, errors } = parsed;
  const isData = data === undefined || data === null || (typeof data === "object" && !Array.isArray(data));
  const read = errors === undefined ? [] : readUpstreamErrors(errors);
  if (!isData || read === undefined) return noAnswer(upstream, `an answer of status ${status} that is no GraphQL`);
  const hasData = data !== undefined && data !== null;
  if (!hasData && read.length === 0) return noAnswer(upstream, `an answer of status ${status} without data and errors`);
  // A gateway timeout may come with a GraphQL body; without data it says nothing about the operation.
  if (!hasData && status >= 500) return noAnswer(upstream, `an answer of status ${status} without data`);
  return { ...(hasData ? { data: data as Record<string, unknown> } : { data: null }), ...(read.length > 0 ? { errors: read } : {}) };
}

function noAnswer(upstream: string, problem: string): ExecutionResult {
  return { data: null, errors: [upstreamUnavailable(upstream, new Error(problem))] };
}

function parseJson(text: string): { data?: unknown; errors?: unknown } | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === "object" && parsed !== null && !Array.isArray(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}
