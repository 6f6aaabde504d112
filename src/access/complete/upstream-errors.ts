import type { ExecutionResult, GraphQLError } from "graphql";
import type { ResponsePath, Source } from "./complete-value.ts";
import type { Answer, AnsweredField, Scope } from "./completion.ts";

/** The errors that upstreams gave with a result which is to be completed. */
export interface UpstreamErrors {
  /** The errors whose paths lead to something that the caller may see. */
  visible(): readonly GraphQLError[];
  /** Whether one of them says why the value at this path is null: it stands there, below, or nowhere in particular. */
  readonly explains: (path: ResponsePath) => boolean;
}

export function createUpstreamErrors({ data, errors = [] }: ExecutionResult, root: Scope): UpstreamErrors {
  let visible: readonly GraphQLError[] | undefined = errors.length === 0 ? errors : undefined;
  let explained: ReadonlySet<string> | undefined;

  function listVisible(): readonly GraphQLError[] {
    visible ??= errors.filter(({ path }) => path === undefined || isVisible(path, root, data));
    return visible;
  }

  function listExplained(): ReadonlySet<string> {
    const prefixes = listVisible().flatMap(({ path = [] }) => [keyOf([]), ...path.map((_step, index) => keyOf(path.slice(0, index + 1)))]);
    return new Set(prefixes);
  }

  return {
    visible: listVisible,
    explains(path) {
      if (errors.length === 0) return false;
      if (listVisible().some((error) => error.path === undefined)) return true;
      explained ??= listExplained();
      return explained.has(keyOf(path));
    },
  };
}

function isVisible(path: ResponsePath, root: Scope, data: unknown): boolean {
  let scope: Scope | undefined = root;
  let value = data;
  for (const step of path) {
    if (typeof step === "string") {
      const answers: readonly Answer[] = scope === undefined ? [] : answersAt(scope, value);
      const permitted: AnsweredField | undefined = answers.flatMap(({ byKey }) => byKey.get(step) ?? []).find(({ isDenied }) => !isDenied);
      if (permitted === undefined) return false;
      // The types below are not known any more; to look through all types of all levels would take forever.
      if (answers.length > 1) return true;
      scope = permitted.scope;
    }
    value = childOf(value, step);
  }
  return true;
}

/** The answers that can stand here: of one type, or of any where an object of an unknown type is null by now. */
function answersAt(scope: Scope, value: unknown): readonly Answer[] {
  return isSource(value) ? [scope.answerTo(value) ?? []].flat() : scope.answers();
}

function isSource(value: unknown): value is Source {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function childOf(value: unknown, step: string | number): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, step) ? (value as Source)[step] : undefined;
}

/** No step of a path can forge another: numbers and strings are told apart. */
function keyOf(path: ResponsePath): string {
  return JSON.stringify(path);
}
