import { type DocumentNode, type ExecutionResult, OperationTypeNode, print } from "graphql";
import type { IdentityTokens } from "../auth/tokens/identity-tokens.ts";
import type { RequestContext } from "../graphql/context.ts";
import { readAnswer } from "./upstream-answers.ts";
import { connectUpstream } from "./upstream-connection.ts";
import { upstreamUnavailable } from "./upstream-errors.ts";
import { createUpstreamHeaders } from "./upstream-headers.ts";
import type { ConnectionOptions } from "./upstream-options.ts";
import { createUpstreamSubscriber } from "./upstream-subscriptions.ts";

/** One operation as it is sent on. */
export interface UpstreamOperation {
  /** One operation and the fragments that it uses. */
  readonly document: DocumentNode;
  readonly type: OperationTypeNode;
  readonly variables: Readonly<Record<string, unknown>>;
}

/** A graph behind the gateway. What goes wrong with it is an error in the result, never a throw. */
export interface Upstream {
  readonly name: string;
  execute(operation: UpstreamOperation, context: RequestContext): Promise<ExecutionResult>;
  subscribe(operation: UpstreamOperation, context: RequestContext): AsyncIterableIterator<ExecutionResult>;
  close(): Promise<void>;
}

export interface UpstreamParts {
  /** Called where an upstream is told who is calling; throws a StartupError where that cannot be signed. */
  readonly createIdentityTokens: () => IdentityTokens;
  /** Why an upstream gave no answer. */
  onFailure(upstream: string, error: unknown, requestId: string): void;
}

const jsonHeaders = { "content-type": "application/json", accept: "application/graphql-response+json, application/json;q=0.9" };

export function createUpstream(options: ConnectionOptions, { createIdentityTokens, onFailure }: UpstreamParts): Upstream {
  const { name } = options;
  const connection = connectUpstream(options);
  const headersOf = createUpstreamHeaders(options, createIdentityTokens);
  const textOf = createDocumentTexts();
  const subscribe = createUpstreamSubscriber(options, headersOf);

  function failed(error: unknown, requestId: string): ExecutionResult {
    onFailure(name, error, requestId);
    return { data: null, errors: [upstreamUnavailable(name, error)] };
  }

  async function execute({ document, type, variables }: UpstreamOperation, context: RequestContext): Promise<ExecutionResult> {
    const body = `{"query":${textOf(document)},"variables":${JSON.stringify(variables)}}`;
    const isRepeatable = type === OperationTypeNode.QUERY;
    try {
      const answer = await connection.post({ body, headers: { ...jsonHeaders, ...headersOf(context) }, isRepeatable });
      return readAnswer(name, answer);
    } catch (error) {
      return failed(error, context.requestId);
    }
  }

  return {
    name,
    execute,
    async *subscribe(operation, context) {
      try {
        yield* subscribe({ text: JSON.parse(textOf(operation.document)), variables: operation.variables }, context);
      } catch (error) {
        yield failed(error, context.requestId);
      }
    },
    close: () => connection.close(),
  };
}

/** Documents as JSON strings. The same ones come again and again: those that the gateway has cut are kept with their plans. */
function createDocumentTexts(): (document: DocumentNode) => string {
  const known = new WeakMap<DocumentNode, string>();
  return (document) => {
    const found = known.get(document);
    if (found !== undefined) return found;
    const text = JSON.stringify(print(document));
    known.set(document, text);
    return text;
  };
}
