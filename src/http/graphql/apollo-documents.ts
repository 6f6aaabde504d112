import { type ApolloServerOptions, type ApolloServerPlugin, type GraphQLRequestListener, HeaderMap } from "@apollo/server";
import { type GraphQLError, parse } from "graphql";
import type { RequestContext } from "../../graphql/context.ts";
import { type Documents, type DocumentTexts, isDocument } from "../../graphql/documents/documents.ts";
import type { PublicErrors } from "../../graphql/public-errors.ts";

/** Apollo Server's cache of strings. */
type TextCache = Exclude<NonNullable<ApolloServerOptions<RequestContext>["cache"]>, "bounded">;

/**
 * Gives Apollo Server its documents: it would parse, validate and keep them by itself, but has no place for checks that come before
 * validation, and no bound in bytes for what it keeps. Where a request has its document already, it does neither.
 */
export function documentsPlugin({ read }: Documents, { ofServer }: PublicErrors): ApolloServerPlugin<RequestContext> {
  const refusals = new WeakMap<object, readonly GraphQLError[]>();
  /** Stands in for what was refused, and is never executed. */
  const harmless = parse("{ __typename }");

  const listener: GraphQLRequestListener<RequestContext> = {
    async didResolveSource(requestContext) {
      const document = read(requestContext.source);
      if (isDocument(document)) {
        Object.assign(requestContext, { document });
        return;
      }
      refusals.set(requestContext, document);
      requestContext.metrics.persistedQueryRegister = false;
      Object.assign(requestContext, { document: harmless });
    },
    async responseForOperation(requestContext) {
      const errors = refusals.get(requestContext);
      if (errors === undefined) return null;
      const singleResult = { errors: errors.map((error) => ofServer(error.toJSON(), error)) };
      return { http: { status: 400, headers: new HeaderMap() }, body: { kind: "single", singleResult } };
    },
  };
  return { requestDidStart: async () => listener };
}

/** The cache in which Apollo Server looks hashes up; it puts a prefix in front of them. */
export function textCache(texts: DocumentTexts): TextCache {
  const hashOf = (key: string) => key.slice(key.indexOf(":") + 1);
  return {
    get: async (key) => texts.get(hashOf(key)),
    set: async (key, text) => texts.set(hashOf(key), text),
    delete: async () => undefined,
  };
}
