import { type Answered, isText } from "../graphql/answers.ts";
import type { Operation, Operations } from "../graphql/operations.ts";
import { createRootFieldNames } from "./root-fields.ts";
import { type SpanStart, type Tracing, traced } from "./tracing.ts";

const MAXIMUM_NAME = 100;

/** A span for every operation, with its type, its name and its root fields; never the document, which may hold values. */
export function traceOperations(operations: Operations, tracing: Tracing): Operations {
  const rootFieldsOf = createRootFieldNames();

  function start(request: Operation): SpanStart {
    const { operation: type, name } = request.operation;
    const rootFields = [...rootFieldsOf(request).keys()].sort();
    const operationName = name === undefined ? {} : { "graphql.operation.name": name.value.slice(0, MAXIMUM_NAME) };
    const facts = { "graphql.operation.type": type, ...operationName, "graphql.operation.root_fields": rootFields };
    return { name: `${type} ${rootFields.join(" ")}`.slice(0, MAXIMUM_NAME), kind: "internal", facts };
  }

  return {
    run: (operation) =>
      traced(tracing, start(operation), async (span) => {
        const answer = await operations.run(operation);
        const code = firstCode(answer);
        if (code !== undefined) span.fail(code);
        return answer;
      }),
    // The span does not wait for events: one that lasts as long as a subscription helps nobody.
    subscribe: (operation, nextContext) => traced(tracing, start(operation), () => operations.subscribe(operation, nextContext)),
  };
}

function firstCode(answer: Answered): string | undefined {
  const [first] = isText(answer) ? [] : (answer.errors ?? []);
  return first && String(first.extensions.code);
}
