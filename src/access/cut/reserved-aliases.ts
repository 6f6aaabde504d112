import { type DocumentNode, visit } from "graphql";
import { AuthError } from "../../core/errors.ts";

/**
 * A client that gave a field the key `__typename` could lie about an answer's type, and so about what guards it. Returns what to
 * answer to a document with an alias that begins with `__`, which GraphQL keeps for itself; undefined: it has none.
 */
export function refuseReservedAliases(document: DocumentNode): AuthError | undefined {
  let isReserved = false;
  visit(document, {
    Field({ alias }) {
      if (alias?.value.startsWith("__")) isReserved = true;
    },
  });
  if (!isReserved) return undefined;
  return new AuthError("BAD_USER_INPUT", { fields: { request: ["Has an alias that begins with `__`, which GraphQL keeps for itself."] } });
}
