import type { FastifyInstance } from "fastify";
import { isRecord } from "../../core/is-record.ts";
import { namedHash } from "../../graphql/documents/document-hashes.ts";

/** Takes `documentId` in the body for a persisted query of Apollo's clients, which is what Apollo Server knows. */
export function acceptDocumentIds(app: FastifyInstance): void {
  app.addHook("preHandler", (request, _reply, done) => {
    const { body } = request;
    const hash = isRecord(body) && body.query === undefined && body.documentId !== undefined ? namedHash(body) : undefined;
    if (isRecord(body) && hash !== undefined) body.extensions = { persistedQuery: { version: 1, sha256Hash: hash } };
    done();
  });
}
