import {
  type DocumentNode,
  type FragmentDefinitionNode,
  GraphQLError,
  type GraphQLSchema,
  getOperationAST,
  Kind,
  NoSchemaIntrospectionCustomRule,
  type OperationDefinitionNode,
  parse,
  type SelectionNode,
  type SelectionSetNode,
  specifiedRules,
  validate,
} from "graphql";
import { publicInputError } from "./public-errors.ts";

/** Bounds what comparing every field with every other one may cost; a query for a whole schema has 600. */
const MAXIMUM_TOKENS = 2000;

interface SocketRequest {
  readonly query: string;
  readonly operationName?: string | null | undefined;
}

interface SocketDocument {
  readonly document: DocumentNode;
  readonly operation: OperationDefinitionNode;
}

/** A valid document that may be sent over a socket, or what is wrong with it: errors for `PublicErrors.ofServer`. */
export function readSocketDocument(
  request: SocketRequest,
  { schema, introspection }: { schema: GraphQLSchema; introspection: boolean },
): SocketDocument | readonly GraphQLError[] {
  const document = parseDocument(request.query);
  if (document instanceof GraphQLError) return [document];
  const rules = introspection ? specifiedRules : [...specifiedRules, NoSchemaIntrospectionCustomRule];
  const problems = validate(schema, document, rules, { hideSuggestions: !introspection });
  if (problems.length > 0) return problems.map((problem) => withCode(problem, "GRAPHQL_VALIDATION_FAILED"));
  const operation = getOperationAST(document, request.operationName);
  if (!operation) return [withCode(new GraphQLError("Unknown operation."), "OPERATION_RESOLUTION_FAILURE")];
  const refusal = refusalOf(document, operation);
  return refusal === undefined ? { document, operation } : [publicInputError({ request: [refusal] })];
}

function parseDocument(query: string): DocumentNode | GraphQLError {
  try {
    return parse(query, { maxTokens: MAXIMUM_TOKENS });
  } catch (error) {
    if (!(error instanceof GraphQLError)) throw error;
    return withCode(error, "GRAPHQL_PARSE_FAILED");
  }
}

function withCode(error: GraphQLError, code: string): GraphQLError {
  const { nodes = null, source = null, positions = null } = error;
  return new GraphQLError(error.message, { nodes, source, positions, extensions: { code } });
}

/** Cookies, limits and retries belong to HTTP, and so do the mutations that need them. */
function refusalOf(document: DocumentNode, operation: OperationDefinitionNode): string | undefined {
  const selections = rootSelections(document, operation.selectionSet);
  if (operation.operation === "mutation") {
    const names = selections.flatMap((node) => (node.kind === Kind.FIELD ? [node.name.value] : []));
    const isAllowed = names.every((name) => name === "reauthenticate" || name === "__typename");
    return isAllowed ? undefined : "Is a mutation; send it over HTTP. On a WebSocket there is only `reauthenticate`.";
  }
  const isConditional = selections.some(({ directives = [] }) => directives.some(({ name }) => ["skip", "include"].includes(name.value)));
  return operation.operation === "subscription" && isConditional ? "Must not skip what it subscribes to." : undefined;
}

/** The root's selections, those in fragments included, whatever `@skip` and `@include` say. */
function rootSelections(document: DocumentNode, root: SelectionSetNode): SelectionNode[] {
  const fragments = new Map(
    document.definitions
      .filter((node): node is FragmentDefinitionNode => node.kind === Kind.FRAGMENT_DEFINITION)
      .map((fragment) => [fragment.name.value, fragment]),
  );
  const visited = new Set<SelectionSetNode>();
  function collect(selectionSet: SelectionSetNode | undefined): SelectionNode[] {
    if (selectionSet === undefined || visited.has(selectionSet)) return [];
    visited.add(selectionSet);
    return selectionSet.selections.flatMap((node) => {
      if (node.kind === Kind.FIELD) return [node];
      const inner = node.kind === Kind.FRAGMENT_SPREAD ? fragments.get(node.name.value) : node;
      return [node, ...collect(inner?.selectionSet)];
    });
  }
  return collect(root);
}
