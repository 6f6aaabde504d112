import { type DocumentNode, type FieldNode, Kind, type SelectionSetNode, visit } from "graphql";
import { fragmentsOf } from "../collect-fields.ts";
import { getRootType, type OperationOfDocument } from "../document-types.ts";
import type { Judge, SchemaRequirements } from "../requirements/schema-requirements.ts";
import { type CutSelections, cutSelections, type DeniedSelection } from "./cut-selections.ts";
import { findRescues } from "./rescues.ts";

export interface CutDocument {
  /** The document that is left; undefined: there is nothing to fetch. */
  readonly document: DocumentNode | undefined;
  readonly variableNames: ReadonlySet<string>;
  readonly denied: ReadonlyMap<FieldNode, DeniedSelection>;
}

/** Cuts an operation to what may be sent on for a caller, as a document of its own, since upstreams validate. */
export function cutDocument(required: SchemaRequirements, judge: Judge, request: OperationOfDocument): CutDocument {
  const root = request.operation.selectionSet;
  const rootType = getRootType(required.schema, request.operation);
  const cutting = { required, judge, fragments: fragmentsOf(request.document), rescues: new Map() };
  const cut = cutSelections(root, rootType, cutting);
  if (![...cut.denied.values()].some(({ isDeniedByOthers }) => isDeniedByOthers)) return assemble(request, cut);
  const rescues = findRescues(root, rootType, cutting);
  return assemble(request, rescues.size === 0 ? cut : cutSelections(root, rootType, { ...cutting, rescues }));
}

function assemble({ document, operation }: OperationOfDocument, { selectionSet, fragments, denied }: CutSelections): CutDocument {
  if (selectionSet === undefined || isNothing(selectionSet)) return { document: undefined, variableNames: new Set(), denied };
  const withSelections = selectionSet === operation.selectionSet ? operation : { ...operation, selectionSet };
  const variableNames = usedVariables([withSelections, ...fragments]);
  const variables = operation.variableDefinitions ?? [];
  const used = variables.filter(({ variable }) => variableNames.has(variable.name.value));
  const cut = used.length === variables.length ? withSelections : { ...withSelections, variableDefinitions: used };
  const definitions = [cut, ...fragments];
  const isWhole = definitions.length === document.definitions.length && definitions.every((node) => document.definitions.includes(node));
  return { document: isWhole ? document : { kind: Kind.DOCUMENT, definitions }, variableNames, denied };
}

/** Nothing but `__typename`, which the composed schema knows by itself. */
function isNothing({ selections }: SelectionSetNode): boolean {
  return selections.every((node) => node.kind === Kind.FIELD && node.name.value === "__typename");
}

function usedVariables(definitions: DocumentNode["definitions"]): ReadonlySet<string> {
  const names = new Set<string>();
  const inDocument: DocumentNode = { kind: Kind.DOCUMENT, definitions };
  visit(inDocument, {
    VariableDefinition: () => false,
    Variable: ({ name }) => {
      names.add(name.value);
    },
  });
  return names;
}
