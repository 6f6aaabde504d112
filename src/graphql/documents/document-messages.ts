import type { GraphQLError, GraphQLFormattedError } from "graphql";
import { MAXIMUM_TOKENS } from "./document-limits.ts";

/**
 * graphql-js quotes values in its messages: literals in validation errors, variables in coercion errors, any token in syntax
 * errors. A value can be a password, and messages end up in logs: they keep names and types, and lose every value.
 */
export function withoutValues(error: GraphQLFormattedError): GraphQLFormattedError {
  const extensions = { code: error.extensions?.code };
  const locations = error.locations === undefined ? {} : { locations: error.locations };
  const path = error.path === undefined ? {} : { path: error.path };
  return { message: messageWithoutValues(error), ...locations, ...path, extensions: { ...extensions, ...fieldsOf(error) } };
}

/** Describes what is wrong with a document to its author, with what the document holds. */
export function describeRefusal({ message, extensions }: GraphQLError): string {
  const { request = [message] } = (extensions.fields ?? {}) as { request?: readonly string[] };
  return request.join(" ");
}

function messageWithoutValues({ message, extensions }: GraphQLFormattedError): string {
  if (extensions?.code === "GRAPHQL_PARSE_FAILED")
    return isTooLong(message) ? `The document has more than ${MAXIMUM_TOKENS} tokens.` : "The document is not valid GraphQL.";
  if (extensions?.code === "OPERATION_RESOLUTION_FAILURE") return "The document has no such operation, or several and no name was given.";
  const variable = /^Variable "\$([_A-Za-z][_0-9A-Za-z]*)"/.exec(message)?.[1];
  if (extensions?.code === "BAD_USER_INPUT")
    return variable === undefined ? "A value does not fit its type." : `Variable "$${variable}" does not fit its type.`;
  const expected = /^(Expected value of type "[^"]*"), found /.exec(message)?.[1];
  if (expected !== undefined) return `${expected}; found something else.`;
  return /cannot represent|does not exist in/.test(message) ? "A literal does not fit its type." : message;
}

/** Whether the parser says that it stopped at its limit of tokens. */
function isTooLong(message: string): boolean {
  return /^Syntax Error: Document contains more tha[nt] \d+ tokens\. Parsing aborted\.$/.test(message);
}

/** The place in a variable where the problem is, from the one place in graphql-js's message that holds a path. */
function fieldsOf({ message, extensions }: GraphQLFormattedError): { fields?: Record<string, string[]> } {
  if (extensions?.code !== "BAD_USER_INPUT") return {};
  const path = /^Variable "\$[_0-9A-Za-z]+" got invalid value .* at "([_A-Za-z][_0-9A-Za-z.[\]]*)"; /s.exec(message)?.[1];
  const variable = /^Variable "\$([_0-9A-Za-z]+)"/.exec(message)?.[1];
  const field = path ?? variable;
  return field === undefined ? {} : { fields: { [field]: ["Does not fit its type."] } };
}
