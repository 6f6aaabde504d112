import { channel } from "node:diagnostics_channel";
import type { FastifyReply, FastifyRequest } from "fastify";
import { getOperationAST } from "graphql";
import { isRecord } from "../../core/is-record.ts";
import { type Answered, isText } from "../../graphql/answers.ts";
import type { RequestContext } from "../../graphql/context.ts";
import type { Documents } from "../../graphql/documents/documents.ts";
import type { Operation, Operations } from "../../graphql/operations.ts";
import type { PublicErrors } from "../../graphql/public-errors.ts";
import type { ReadAccept } from "./answer-types.ts";
import { retryAfterOf } from "./retry-after.ts";

/** Published with the request's id for every answer of this lane, for whoever listens inside the process; clients see no difference. */
export const DIRECT_ANSWERS = "graphql-auth-gateway:direct-answer";

export interface DirectLaneParts {
  readonly documents: Documents;
  readonly operations: Operations;
  readonly publicErrors: PublicErrors;
  readonly readAccept: ReadAccept;
  createContext(request: FastifyRequest, reply: FastifyReply): Promise<RequestContext>;
}

/** A request whose document was accepted before, and is only to be executed. */
interface KnownRequest extends Omit<Operation, "context"> {
  readonly answerType: string;
}

type Answer = (request: FastifyRequest, reply: FastifyReply) => Promise<string>;

/** Every spelling that clients use; of these none is one that a page can send without asking first. */
const jsonTypes: ReadonlySet<string | undefined> = new Set([
  "application/json",
  "application/json; charset=utf-8",
  "application/json;charset=utf-8",
  "application/json; charset=UTF-8",
  "application/json;charset=UTF-8",
]);

/**
 * Answers what Apollo Server would do nothing to but pass on: a well-formed POST with a document that was accepted before. It answers
 * with the same bytes, for about half of the work. Given a request, undefined: let Apollo Server answer, which stays the reference
 * and refuses whatever there is to refuse.
 */
export function createDirectLane(parts: DirectLaneParts): (request: FastifyRequest) => Answer | undefined {
  const answers = channel(DIRECT_ANSWERS);

  return (request) => {
    const known = recognise(request, parts);
    if (known === undefined) return undefined;
    return async (request, reply) => {
      if (answers.hasSubscribers) answers.publish({ requestId: request.id });
      reply.type(known.answerType);
      try {
        const context = await parts.createContext(request, reply);
        return send(reply, await parts.operations.run({ ...known, context }), parts.publicErrors);
      } catch (error) {
        return fail(reply, error, parts.publicErrors);
      }
    };
  };
}

function recognise({ raw, headers, body }: FastifyRequest, { documents, readAccept }: Pick<DirectLaneParts, "documents" | "readAccept">) {
  if (raw.method !== "POST" || raw.url !== "/graphql" || !jsonTypes.has(headers["content-type"]) || !isRecord(body)) return undefined;
  const variableValues = readVariables(body.variables);
  const operationName = body.operationName ?? undefined;
  if (variableValues === undefined || (operationName !== undefined && typeof operationName !== "string")) return undefined;
  const text = readText(body, documents);
  const document = text === undefined ? undefined : documents.find(text);
  const operation = document && getOperationAST(document, operationName);
  if (document === undefined || !operation || operation.operation === "subscription") return undefined;
  const { answerType } = readAccept(headers.accept);
  return answerType === undefined ? undefined : ({ document, operation, variableValues, answerType } satisfies KnownRequest);
}

/** The document's text, or that of its hash. Undefined where Apollo Server has to check or to keep a hash. */
function readText({ query, extensions }: Readonly<Record<string, unknown>>, { texts }: Documents): string | undefined {
  if (extensions !== undefined && extensions !== null && !isRecord(extensions)) return undefined;
  const persisted = extensions?.persistedQuery;
  if (persisted === undefined || persisted === null) return typeof query === "string" ? query : undefined;
  if (query !== undefined || !isRecord(persisted) || persisted.version !== 1 || typeof persisted.sha256Hash !== "string") return undefined;
  return texts.get(persisted.sha256Hash);
}

/** One for all: nobody may write to it. */
const none = Object.freeze({});

function readVariables(variables: unknown): Readonly<Record<string, unknown>> | undefined {
  if (variables === undefined || variables === null) return none;
  return isRecord(variables) ? variables : undefined;
}

/** GraphQL over HTTP, section 6.4: 400 where nothing was executed. */
function send(reply: FastifyReply, answer: Answered, { ofServer }: PublicErrors): string {
  if (isText(answer)) return answer.text.endsWith("\n") ? answer.text : `${answer.text}\n`;
  const { data, errors, extensions } = answer;
  if (errors === undefined) return toText({ data, extensions });
  if (data === undefined) reply.code(400);
  const formatted = errors.map((error) => ofServer(error.toJSON(), error));
  const retryAfter = retryAfterOf(formatted);
  if (retryAfter !== undefined) reply.header("retry-after", retryAfter);
  return toText({ errors: formatted, data, extensions });
}

/** Masked and logged as whatever else nobody expected. */
function fail(reply: FastifyReply, error: unknown, { ofServer }: PublicErrors): string {
  reply.code(500);
  return toText({ errors: [ofServer({ message: "" }, error)] });
}

function toText(answer: object): string {
  return `${JSON.stringify(answer)}\n`;
}
