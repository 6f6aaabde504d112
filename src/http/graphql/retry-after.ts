import type { ApolloServerPlugin, GraphQLRequestListener } from "@apollo/server";
import type { GraphQLFormattedError } from "graphql";
import type { RequestContext } from "../../graphql/context.ts";

/** RFC 9110, section 10.2.3: the longest wait that any error of an answer asks for, as that header's value. */
export function retryAfterOf(errors: readonly GraphQLFormattedError[]): string | undefined {
  const waits = errors
    .map(({ extensions }) => extensions?.retryAfterSeconds)
    .filter((wait) => Number.isSafeInteger(wait) && Number(wait) >= 0);
  return waits.length === 0 ? undefined : String(Math.max(...waits.map(Number)));
}

export const retryAfterPlugin: ApolloServerPlugin<RequestContext> = {
  requestDidStart: async () => listener,
};

const listener: GraphQLRequestListener<RequestContext> = {
  async willSendResponse({ response }) {
    if (response.body.kind !== "single") return;
    const retryAfter = retryAfterOf(response.body.singleResult.errors ?? []);
    if (retryAfter !== undefined) response.http.headers.set("retry-after", retryAfter);
  },
};
