import type { GraphQLError } from "graphql";
import { type ErrorCode, errorTable } from "../core/errors.ts";
import { isText } from "../graphql/answers.ts";
import type { Operation, Operations } from "../graphql/operations.ts";
import type { Observer } from "./fast-histogram.ts";
import type { Metrics, RefreshOutcome } from "./metrics.ts";
import { createRootFieldNames, type RootFieldNames } from "./root-fields.ts";

type OperationMetrics = Pick<Metrics, "operationSeconds" | "rateLimited" | "hashingRefused" | "tokenRefreshes">;

/** The outcomes of refreshes that leave no audit event, by the code of their error. */
const unwrittenRefreshes: Readonly<Record<string, RefreshOutcome>> = { INVALID_REFRESH_TOKEN: "not_genuine", SESSION_ENDED: "ended" };

/** Measures every operation that was executed: one observation for each root field, with that field's outcome. */
export function measureOperations(operations: Operations, metrics: OperationMetrics): Operations {
  const rootFieldsOf = createRootFieldNames();
  const observers = createObservers(metrics);

  function observe(operation: Operation, startedAt: number, errors: readonly GraphQLError[] | undefined): void {
    const seconds = (performance.now() - startedAt) / 1000;
    const fields = rootFieldsOf(operation);
    for (const field of fields.keys()) observers.of(field, errors === undefined ? "OK" : outcomeOf(field, fields, errors)).observe(seconds);
    if (errors !== undefined) countRefusals(metrics, fields, errors);
  }

  return {
    run(operation) {
      const startedAt = performance.now();
      return operations.run(operation).then((answer) => {
        observe(operation, startedAt, isText(answer) ? undefined : answer.errors);
        return answer;
      });
    },
    async subscribe(operation, nextContext) {
      const startedAt = performance.now();
      const result = await operations.subscribe(operation, nextContext);
      observe(operation, startedAt, "errors" in result ? result.errors : undefined);
      return result;
    },
  };
}

/** Found once for every pair of labels. */
function createObservers({ operationSeconds }: OperationMetrics) {
  const known = new Map<string, Map<string, Observer>>();
  return {
    of(field: string, outcome: string): Observer {
      const found = known.get(field)?.get(outcome);
      if (found !== undefined) return found;
      const observer = operationSeconds.of({ field, outcome });
      known.set(field, (known.get(field) ?? new Map<string, Observer>()).set(outcome, observer));
      return observer;
    },
  };
}

/** An error without a path is about the whole operation. */
function outcomeOf(field: string, fields: RootFieldNames, errors: readonly GraphQLError[]): string {
  const keys = fields.get(field);
  const error = errors.find(({ path }) => path === undefined || keys?.has(String(path[0])));
  return error === undefined ? "OK" : codeOf(error);
}

function countRefusals(metrics: OperationMetrics, fields: RootFieldNames, errors: readonly GraphQLError[]): void {
  for (const error of errors) {
    const code = codeOf(error);
    const field = fieldOf(error, fields);
    if (code === "RATE_LIMITED") metrics.rateLimited.inc({ field });
    if (code === "TOO_BUSY") metrics.hashingRefused.inc();
    const refresh = field === "refresh" ? unwrittenRefreshes[code] : undefined;
    if (refresh !== undefined) metrics.tokenRefreshes.inc({ outcome: refresh });
  }
}

function fieldOf({ path }: GraphQLError, fields: RootFieldNames): string {
  const key = String(path?.[0] ?? "");
  for (const [field, keys] of fields) if (keys.has(key)) return field;
  return "none";
}

/** The code of an error, ours or Apollo Server's: one of a closed set, whatever was thrown. */
function codeOf({ extensions }: GraphQLError): string {
  const { code } = extensions;
  if (code === "RATE_LIMITED" || code === "TOO_BUSY" || code === "OPERATION_RESOLUTION_FAILURE") return code;
  return isErrorCode(code) ? code : "OTHER";
}

function isErrorCode(code: unknown): code is ErrorCode {
  return typeof code === "string" && Object.hasOwn(errorTable, code);
}
