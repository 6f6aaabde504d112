import {
  buildSchema,
  type ExecutionResult,
  type GraphQLSchema,
  graphqlSync,
  Kind,
  type OperationDefinitionNode,
  parse,
  print,
  validate,
} from "graphql";
import { expect } from "vitest";
import type { Caller } from "../../../src/access/denials.ts";
import { completeResult } from "../../../src/access/forwarded/complete-result.ts";
import type { Cut } from "../../../src/access/forwarded/cut.ts";
import { cutOperation } from "../../../src/access/forwarded/cut-operation.ts";
import { createGuardedSchema, type GuardedSchema } from "../../../src/access/forwarded/guarded-schema.ts";
import { readRequirements } from "../../../src/access/requirements/read-requirements.ts";
import { AuthError } from "../../../src/core/errors.ts";
import { directiveDefinitions } from "../guarded-graph.ts";

export interface OutsideGraph {
  readonly schema: GraphQLSchema;
  readonly access: GuardedSchema;
  cut(query: string, by: Caller): Cut;
  /** What is sent on, on one line; undefined: nothing. */
  sent(query: string, by: Caller): string | undefined;
  /** The answer when `upstream` answers what is sent: a root value for an honest one, or a result. */
  answer(
    query: string,
    by: Caller,
    upstream: { rootValue: unknown } | { result: ExecutionResult },
    variableValues?: Record<string, unknown>,
  ): ExecutionResult;
}

export const operationOf = (query: string) => {
  const document = parse(query);
  const operation = document.definitions.find((node): node is OperationDefinitionNode => node.kind === Kind.OPERATION_DEFINITION);
  if (operation === undefined) throw new Error("The test's document has no operation.");
  return { document, operation };
};

/** What the gateway would make of `UPSTREAM_UNAVAILABLE`. */
export const unfit = () => new Error("unfit");

export function createOutsideGraph(sdl: string): OutsideGraph {
  const schema = buildSchema(directiveDefinitions + sdl);
  const access = createGuardedSchema(schema, readRequirements(parse(sdl)));
  const requests = new Map<string, ReturnType<typeof operationOf>>();
  const cut = (query: string, by: Caller) => {
    // As in the server: one parsed document serves every request that sends this text.
    const request = requests.get(query) ?? operationOf(query);
    requests.set(query, request);
    expect(validate(schema, request.document)).toEqual([]);
    const made = cutOperation(access, { ...request, caller: by });
    if (made.document !== undefined) expect(validate(schema, made.document)).toEqual([]);
    return made;
  };
  return {
    schema,
    access,
    cut,
    sent(query, by) {
      const { document } = cut(query, by);
      return document && print(document).replace(/\s+/g, " ").trim();
    },
    answer(query, by, upstream, variableValues = {}) {
      const made = cut(query, by);
      const run = () =>
        "result" in upstream
          ? upstream.result
          : made.document === undefined
            ? {}
            : graphqlSync({ schema, source: print(made.document), rootValue: upstream.rootValue, variableValues });
      return completeResult(made, { variableValues, unfit }, run());
    },
  };
}

/** Data as plain objects; each error's path with its code, or its message where it has none. */
export function shown({ data, errors = [] }: ExecutionResult) {
  const told = errors.map(
    ({ path, originalError, message }) => `${path?.join(".")} ${originalError instanceof AuthError ? originalError.code : message}`,
  );
  return { data: JSON.parse(JSON.stringify(data ?? null)), errors: told };
}
