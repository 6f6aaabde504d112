import {
  type DocumentNode,
  type FragmentDefinitionNode,
  GraphQLError,
  getOperationAST,
  Kind,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
} from "graphql";
import { mutationsThat } from "../policies/root-policies.ts";
import { publicInputError } from "../public-errors.ts";
import { namedHash } from "./document-hashes.ts";
import { type Documents, isDocument } from "./documents.ts";

/** The payload of `subscribe`. */
interface SocketRequest {
  /** Empty where a hash stands for it. */
  readonly query: string;
  readonly operationName?: string | null | undefined;
}

interface SocketDocument {
  readonly document: DocumentNode;
  readonly operation: OperationDefinitionNode;
}

/** A document that may be sent over a socket, or what is wrong with it: errors for `PublicErrors.ofServer`. */
export function readSocketDocument(request: SocketRequest, documents: Documents): SocketDocument | readonly GraphQLError[] {
  const text = request.query === "" ? textByHash(request, documents) : request.query;
  if (text === undefined) return [coded("PersistedQueryNotFound", "PERSISTED_QUERY_NOT_FOUND")];
  const document = documents.read(text);
  if (!isDocument(document)) return document;
  const operation = getOperationAST(document, request.operationName);
  if (!operation) return [coded("Unknown operation.", "OPERATION_RESOLUTION_FAILURE")];
  const refusal = refusalOf(document, operation);
  return refusal === undefined ? { document, operation } : [publicInputError({ request: [refusal] })];
}

function textByHash(request: SocketRequest, { texts }: Documents): string | undefined {
  const hash = namedHash(request);
  return hash === undefined ? request.query : texts.get(hash);
}

function coded(message: string, code: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code } });
}

const ofWebSockets = mutationsThat(({ transport }) => transport === "websocket");

/** Cookies, limits and retries belong to HTTP, and so do the mutations that need them. */
function refusalOf(document: DocumentNode, operation: OperationDefinitionNode): string | undefined {
  const selections = rootSelections(document, operation.selectionSet);
  if (operation.operation === "mutation") {
    const names = selections.flatMap((node) => (node.kind === Kind.FIELD ? [node.name.value] : []));
    const isAllowed = names.every((name) => ofWebSockets.has(name) || name === "__typename");
    const allowed = [...ofWebSockets].map((name) => `\`${name}\``).join(", ");
    return isAllowed ? undefined : `Is a mutation; send it over HTTP. On a WebSocket there is only ${allowed}.`;
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
