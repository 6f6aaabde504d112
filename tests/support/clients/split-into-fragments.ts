import {
  type DirectiveNode,
  type DocumentNode,
  type FragmentDefinitionNode,
  type GraphQLSchema,
  Kind,
  type NameNode,
  type SelectionNode,
  type SelectionSetNode,
  TypeInfo,
  visit,
  visitWithTypeInfo,
} from "graphql";

/** A whole number from 0 up to, but not including, `bound`. */
type Draw = (bound: number) => number;

const nameOf = (value: string): NameNode => ({ kind: Kind.NAME, value });

/** Includes what it stands on: written out, or by the variable `$yes`. */
function drawDirectives(draw: Draw): readonly DirectiveNode[] {
  const choice = draw(20);
  if (choice > 1) return [];
  const value = choice === 0 ? ({ kind: Kind.BOOLEAN, value: true } as const) : ({ kind: Kind.VARIABLE, name: nameOf("yes") } as const);
  const argument = { kind: Kind.ARGUMENT, name: nameOf("if"), value } as const;
  return [{ kind: Kind.DIRECTIVE, name: nameOf("include"), arguments: [argument] }];
}

/**
 * The same document with some of its selections moved into named fragments, which may spread each other, stand twice, or be included on a
 * condition that holds where the variable `yes` is true.
 */
export function splitIntoFragments(document: DocumentNode, schema: GraphQLSchema, draw: Draw): DocumentNode {
  const fragments: FragmentDefinitionNode[] = [];
  const typeInfo = new TypeInfo(schema);

  function split(set: SelectionSetNode, typeName: string): SelectionSetNode {
    const selections = set.selections.flatMap((node): readonly SelectionNode[] => {
      if (draw(3) > 0) return [node];
      const name = nameOf(`F${fragments.length}`);
      const selectionSet = { kind: Kind.SELECTION_SET, selections: [node] } as const;
      const typeCondition = { kind: Kind.NAMED_TYPE, name: nameOf(typeName) } as const;
      fragments.push({ kind: Kind.FRAGMENT_DEFINITION, name, typeCondition, selectionSet });
      const spread = { kind: Kind.FRAGMENT_SPREAD, name, directives: drawDirectives(draw) } as const;
      return draw(4) === 0 ? [spread, { kind: Kind.FRAGMENT_SPREAD, name }] : [spread];
    });
    return { ...set, selections };
  }

  const splitDocument = visit(
    document,
    visitWithTypeInfo(typeInfo, {
      SelectionSet: {
        leave(set) {
          const type = typeInfo.getParentType();
          return type ? split(set, type.name) : undefined;
        },
      },
    }),
  );
  return declareUsed({ ...splitDocument, definitions: [...splitDocument.definitions, ...fragments] });
}

function declareUsed(document: DocumentNode): DocumentNode {
  let isUsed = false;
  visit(document, {
    Variable({ name }) {
      if (name.value === "yes") isUsed = true;
    },
  });
  if (!isUsed) return document;
  const variable = { kind: Kind.VARIABLE, name: nameOf("yes") } as const;
  const type = { kind: Kind.NON_NULL_TYPE, type: { kind: Kind.NAMED_TYPE, name: nameOf("Boolean") } } as const;
  return visit(document, {
    OperationDefinition: (node) => ({
      ...node,
      variableDefinitions: [...(node.variableDefinitions ?? []), { kind: Kind.VARIABLE_DEFINITION, variable, type }],
    }),
  });
}
