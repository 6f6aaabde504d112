import { type GraphQLInterfaceType, type GraphQLObjectType, type GraphQLSchema, getNamedType, isInterfaceType } from "graphql";
import { implementorsOf } from "./cover/implementors.ts";
import { RequirementsError, type RequirementTable } from "./requirement-table.ts";
import { combineAll, type Requirement } from "./requirements.ts";

type FieldsType = GraphQLObjectType | GraphQLInterfaceType;

/** The requirements for selecting fields, with everything that the schema adds to a field's own one. */
export interface SelectionRequirements {
  /**
   * Of a field as it stands in a document, `type` being the type of the selection set around it. On an interface, which
   * object answers is not known yet, so every implementor's requirements count.
   */
  ofField(type: FieldsType, fieldName: string): Requirement | undefined;
}

export function createSelectionRequirements(schema: GraphQLSchema, table: RequirementTable): SelectionRequirements {
  const cache = new Map<string, Requirement | undefined>();

  function onType(type: FieldsType, fieldName: string): Requirement | undefined {
    const field = type.getFields()[fieldName];
    if (field === undefined) return undefined;
    const returned = table.types.get(getNamedType(field.type).name);
    return combineAll([table.fields.get(`${type.name}.${fieldName}`), table.types.get(type.name), returned]);
  }

  function compute(type: FieldsType, fieldName: string): Requirement | undefined {
    try {
      return combineAll([type, ...implementors(schema, type)].map((each) => onType(each, fieldName)));
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      throw new RequirementsError([`${type.name}.${fieldName}: ${error.message}`], { cause: error });
    }
  }

  return {
    ofField(type, fieldName) {
      const coordinate = `${type.name}.${fieldName}`;
      if (!cache.has(coordinate)) cache.set(coordinate, compute(type, fieldName));
      return cache.get(coordinate);
    },
  };
}

function implementors(schema: GraphQLSchema, type: FieldsType): readonly FieldsType[] {
  if (!isInterfaceType(type)) return [];
  return implementorsOf(schema, type);
}
