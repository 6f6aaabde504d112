import type { FastifyError, FastifyInstance, FastifyReply } from "fastify";
import { errorTable } from "../core/errors.ts";

/** A refusal before GraphQL sees the request: the status, and what to mend. */
export interface Refusal {
  readonly status: 400 | 403 | 404 | 405 | 406 | 413 | 415;
  readonly problem: string;
}

/** Answers in the shape of GraphQL over HTTP. */
export function refuse(reply: FastifyReply, { status, problem }: Refusal): FastifyReply {
  const extensions = { code: "BAD_USER_INPUT", fields: { request: [problem] } };
  return reply.code(status).send({ errors: [{ message: errorTable.BAD_USER_INPUT.message, extensions }] });
}

/** Answers Fastify's own refusals (bodies that are too large or no JSON) and unexpected failures as GraphQL errors. */
export function answerErrorsAsGraphql(app: FastifyInstance, logUnexpected: (error: unknown, requestId: string) => void): void {
  app.setErrorHandler<FastifyError>((error, request, reply) => {
    const refusal = refusalOf(error.statusCode ?? 500);
    if (refusal !== undefined) return refuse(reply, refusal);
    const requestId = request.id;
    logUnexpected(error, requestId);
    const { message } = errorTable.INTERNAL_SERVER_ERROR;
    return reply.code(500).send({ errors: [{ message, extensions: { code: "INTERNAL_SERVER_ERROR", requestId } }] });
  });
  app.setNotFoundHandler((request, reply) => {
    if (request.url.split("?")[0] === "/graphql") {
      return refuse(reply.header("allow", "GET, POST"), { status: 405, problem: "The method is not supported; use POST." });
    }
    return refuse(reply, { status: 404, problem: "Has a path where nothing is; the GraphQL endpoint is /graphql." });
  });
}

function refusalOf(status: number): Refusal | undefined {
  if (status === 413) return { status, problem: "Is larger than 100 kB." };
  if (status === 415) return { status, problem: "Has a content type that is not supported; use application/json." };
  return status < 500 ? { status: 400, problem: "Is not well-formed: the body must be JSON in UTF-8." } : undefined;
}
