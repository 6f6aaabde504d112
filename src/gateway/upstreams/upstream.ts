import { type DocumentNode, type ExecutionResult, OperationTypeNode, print } from "graphql";
import type { IdentityTokens } from "../../auth/tokens/identity-tokens.ts";
import { perObject } from "../../core/per-object.ts";
import type { Answered } from "../../graphql/answers.ts";
import type { RequestContext } from "../../graphql/context.ts";
import { readAnswer } from "./upstream-answers.ts";
import { connectUpstream } from "./upstream-connection.ts";
import { misfitOf, unavailableBecause, upstreamUnavailable } from "./upstream-errors.ts";
import { createUpstreamHeaders } from "./upstream-headers.ts";
import type { ConnectionOptions } from "./upstream-options.ts";
import { createUpstreamSubscriber } from "./upstream-subscriptions.ts";

/** One operation as it is sent on. */
export interface SentOperation {
  /** One operation and the fragments that it uses. */
  readonly document: DocumentNode;
  readonly type: OperationTypeNode;
  readonly variables: Readonly<Record<string, unknown>>;
  /** Whether the text of an answer may be passed on as it is. Absent: the answer is a result. */
  readonly isComplete?: ((text: string) => boolean) | undefined;
}

/** Answers for one graph. A failure is an error in the result, never a throw. */
export interface Answerer {
  readonly name: string;
  execute(operation: SentOperation, context: RequestContext): Promise<Answered>;
  /** The results, or why there are none. */
  subscribe(operation: SentOperation, context: RequestContext): Promise<AsyncIterableIterator<ExecutionResult> | ExecutionResult>;
}

/** A graph behind the gateway. */
export interface Upstream extends Answerer {
  /** Closes the connections, once all calls under way have been answered. */
  close(): Promise<void>;
}

export interface UpstreamParts {
  /** Called where an upstream gets identity tokens; throws a StartupError where these cannot be signed. */
  readonly createIdentityTokens: () => IdentityTokens;
  /** Why an upstream gave no answer. */
  onFailure(upstream: string, error: unknown, requestId: string): void;
  onAnswer(upstream: string): void;
  /** It refused what fits the SDL that it was taken in by. */
  onMisfit(upstream: string, problem: string, requestId: string): void;
  /** Lets others see how it answers. */
  observeUpstream(upstream: Upstream): Upstream;
}

const jsonHeaders = { "content-type": "application/json", accept: "application/graphql-response+json, application/json;q=0.9" };

export function createUpstream(
  options: ConnectionOptions,
  { createIdentityTokens, onFailure, onAnswer, onMisfit, observeUpstream }: UpstreamParts,
): Upstream {
  const { name } = options;
  const connection = connectUpstream(options);
  const headersOf = createUpstreamHeaders(options, createIdentityTokens);
  const textOf = createDocumentTexts();
  const subscribe = createUpstreamSubscriber(options, headersOf, failed);

  function failed(error: unknown, requestId: string): ExecutionResult {
    onFailure(name, error, requestId);
    return { data: null, errors: [upstreamUnavailable(name, error)] };
  }

  return observeUpstream({
    name,
    async execute({ document, type, variables, isComplete }, context) {
      const body = `{"query":${textOf(document)},"variables":${JSON.stringify(variables)}}`;
      const isRepeatable = type === OperationTypeNode.QUERY;
      try {
        const answer = await connection.post({ body, headers: { ...jsonHeaders, ...headersOf(context) }, isRepeatable });
        if (isComplete?.(answer.text)) {
          onAnswer(name);
          return { kind: "text", text: answer.text };
        }
        const result = readAnswer(name, answer);
        const [cause, misfit] = [unavailableBecause(result), misfitOf(result)];
        if (cause !== undefined) onFailure(name, cause, context.requestId);
        else if (misfit !== undefined) onMisfit(name, misfit, context.requestId);
        else onAnswer(name);
        return result;
      } catch (error) {
        return failed(error, context.requestId);
      }
    },
    subscribe: async ({ document, variables }, context) => subscribe({ query: print(document), variables: { ...variables } }, context),
    close: () => connection.close(),
  });
}

/** Documents as JSON strings. The same ones come again and again: those that the gateway has cut are kept with their plans. */
function createDocumentTexts(): (document: DocumentNode) => string {
  return perObject((document) => JSON.stringify(print(document)));
}
