import type { FastifyError, FastifyInstance } from "fastify";
import { errorTable } from "../auth/errors.ts";

/** What Fastify itself refuses (bodies that are too large or no JSON), in the shape of GraphQL over HTTP. */
export function answerErrorsAsGraphql(app: FastifyInstance, logUnexpected: (error: unknown, requestId: string) => void): void {
  app.setErrorHandler<FastifyError>((error, request, reply) => {
    const status = error.statusCode ?? 500;
    const requestId = request.id;
    if (status >= 500) {
      logUnexpected(error, requestId);
      const extensions = { code: "INTERNAL_SERVER_ERROR", requestId };
      return reply.code(500).send({ errors: [{ message: errorTable.INTERNAL_SERVER_ERROR.message, extensions }] });
    }
    const body = problemOf(status);
    return reply
      .code(status)
      .send({ errors: [{ message: errorTable.BAD_USER_INPUT.message, extensions: { code: "BAD_USER_INPUT", fields: { body: [body] } } }] });
  });
  app.setNotFoundHandler((_request, reply) =>
    reply
      .code(404)
      .send({ errors: [{ message: "There is nothing here; the GraphQL endpoint is /graphql.", extensions: { code: "NOT_FOUND" } }] }),
  );
}

function problemOf(status: number): string {
  if (status === 413) return "The request is larger than 100 kB.";
  if (status === 415) return "The content type is not supported; use application/json.";
  return "The request is not well-formed JSON.";
}
