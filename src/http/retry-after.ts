import type { ApolloServerPlugin, GraphQLRequestListener } from "@apollo/server";
import type { RequestContext } from "../graphql/context.ts";

/** RFC 9110, section 10.2.3: the longest wait that any error of the answer asks for, as a header. */
export const retryAfterPlugin: ApolloServerPlugin<RequestContext> = {
  requestDidStart: async () => listener,
};

const listener: GraphQLRequestListener<RequestContext> = {
  async willSendResponse({ response }) {
    if (response.body.kind !== "single") return;
    const { errors } = response.body.singleResult;
    if (errors === undefined) return;
    const waits = errors.map(({ extensions }) => extensions?.retryAfterSeconds).filter((wait) => typeof wait === "number");
    if (waits.length > 0) response.http.headers.set("retry-after", String(Math.max(...waits)));
  },
};
