import {
  type DocumentNode,
  GraphQLError,
  type GraphQLSchema,
  NoSchemaIntrospectionCustomRule,
  parse,
  SingleFieldSubscriptionsRule,
  specifiedRules,
  type ValidationRule,
  validate,
} from "graphql";
import { publicInputError } from "../public-errors.ts";
import { noSchemaTextRule } from "../subgraph/schema-text-rule.ts";
import { createDocumentCache, createTextCache } from "./document-caches.ts";
import { excessOf, MAXIMUM_TOKENS } from "./document-limits.ts";
import { withoutSchemaDetails } from "./schema-details.ts";

/** A request's text as it was read: a valid document within the limits, or its errors, for `PublicErrors.ofServer`. */
export type ReadDocument = DocumentNode | readonly GraphQLError[];

/** The documents that clients may have executed, whatever they arrive on. */
export interface Documents {
  read(text: string): ReadDocument;
  /** Finds a document that was accepted before. Undefined says nothing about the text: it has to be read. */
  find(text: string): DocumentNode | undefined;
  /** The texts for which clients send hashes. */
  readonly texts: DocumentTexts;
}

/** Texts by their SHA-256, in hexadecimal digits. */
export interface DocumentTexts {
  get(hash: string): string | undefined;
  /** A text that was read without problems. */
  set(hash: string, text: string): void;
}

export interface DocumentOptions {
  readonly schema: GraphQLSchema;
  /** Suggestions and what messages tell of types go with it. */
  readonly introspection: boolean;
}

/** Any document that is valid and within the limits. One that was accepted before costs a look-up. */
export function createDocuments(options: DocumentOptions): Documents {
  const accepted = createDocumentCache();
  return {
    texts: createTextCache(),
    find: (text) => accepted.get(text),
    read(text) {
      const known = accepted.get(text);
      if (known !== undefined) return known;
      const read = judgeDocument(text, options);
      if (isDocument(read)) accepted.set(text, read);
      return read;
    },
  };
}

export function isDocument(read: ReadDocument): read is DocumentNode {
  return "kind" in read;
}

/** The cheap checks first: tokens while parsing, sizes on the tree, and only then GraphQL's own rules. */
export function judgeDocument(text: string, { schema, introspection }: DocumentOptions): ReadDocument {
  const document = parseDocument(text);
  if (document instanceof GraphQLError) return [document];
  const excess = excessOf(document, schema);
  if (excess !== undefined) return [publicInputError({ request: [excess] })];
  const rules = introspection ? specifiedRules : [...specifiedRules, NoSchemaIntrospectionCustomRule, noSchemaTextRule];
  const problems = problemsOf(document, { schema, rules, hideSuggestions: !introspection });
  if (problems.length === 0) return document;
  const told = introspection ? (message: string) => message : withoutSchemaDetails;
  return problems.map((problem) => withCode(problem, "GRAPHQL_VALIDATION_FAILED", told(problem.message)));
}

interface Validation {
  readonly schema: GraphQLSchema;
  readonly rules: readonly ValidationRule[];
  readonly hideSuggestions: boolean;
}

/** graphql-js throws out of its rule about a subscription's only root field where a condition on that has no value yet. */
function problemsOf(document: DocumentNode, { schema, rules, hideSuggestions }: Validation): readonly GraphQLError[] {
  try {
    return validate(schema, document, rules, { hideSuggestions });
  } catch (error) {
    if (!(error instanceof GraphQLError)) throw error;
    const others = rules.filter((rule) => rule !== SingleFieldSubscriptionsRule);
    const problems = validate(schema, document, others, { hideSuggestions });
    return problems.length > 0 ? problems : [new GraphQLError("Must not skip what it subscribes to.", { nodes: error.nodes ?? null })];
  }
}

function parseDocument(text: string): DocumentNode | GraphQLError {
  try {
    return parse(text, { maxTokens: MAXIMUM_TOKENS });
  } catch (error) {
    // The parser calls itself for every bracket: within the tokens allowed, brackets alone can exhaust its stack.
    const refusal = error instanceof RangeError ? new GraphQLError("Syntax Error: nested too deeply.") : error;
    if (!(refusal instanceof GraphQLError)) throw error;
    return withCode(refusal, "GRAPHQL_PARSE_FAILED");
  }
}

function withCode(error: GraphQLError, code: string, message = error.message): GraphQLError {
  const { nodes = null, source = null, positions = null } = error;
  return new GraphQLError(message, { nodes, source, positions, extensions: { code } });
}
