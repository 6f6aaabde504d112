import { GraphQLError, getOperationAST } from "graphql";
import type { Caller } from "../access/denials.ts";
import { type AccessExplanation, explainAccess } from "../access/explain-access.ts";
import type { MergedRequirements } from "../access/requirements/merge-requirements.ts";
import type { SchemaRequirements } from "../access/requirements/schema-requirements.ts";
import { type DocumentOptions, isDocument, judgeDocument } from "./documents/documents.ts";
import { publicInputError } from "./public-errors.ts";

/** A graph whose requirements can be explained: what guards it, and who asks for that. */
export interface ExplainedGraph {
  readonly required: SchemaRequirements;
  readonly sources: MergedRequirements["sources"];
}

export interface ExplainedOperation {
  /** The text of the document. */
  readonly text: string;
  /** The name of the operation; undefined: the only one of the document. */
  readonly operationName: string | undefined;
  readonly as: Caller;
}

/**
 * What an operation takes, or what is wrong with its document, which is judged as if it were to be executed. Nothing is executed, and
 * nothing is kept: a document that is only explained takes no other's place in a cache.
 */
export function explainOperation(
  { required, sources }: ExplainedGraph,
  { text, operationName, as }: ExplainedOperation,
  { introspection }: Pick<DocumentOptions, "introspection">,
): readonly AccessExplanation[] | readonly GraphQLError[] {
  const document = judgeDocument(text, { schema: required.schema, introspection });
  if (!isDocument(document)) return document;
  const operation = getOperationAST(document, operationName);
  if (!operation) return [publicInputError({ request: ["Has no such operation, or several and no name was given."] })];
  return explainAccess(required, sources, { document, operation, as });
}

export function isExplained(explained: readonly AccessExplanation[] | readonly GraphQLError[]): explained is readonly AccessExplanation[] {
  return !explained.some((each) => each instanceof GraphQLError);
}
