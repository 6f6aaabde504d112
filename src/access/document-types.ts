import {
  type DocumentNode,
  type FragmentDefinitionNode,
  type GraphQLCompositeType,
  type GraphQLField,
  type GraphQLInterfaceType,
  type GraphQLObjectType,
  type GraphQLSchema,
  type InlineFragmentNode,
  isCompositeType,
  isInterfaceType,
  isObjectType,
  type OperationDefinitionNode,
  SchemaMetaFieldDef,
  TypeMetaFieldDef,
} from "graphql";
import { AuthError } from "../core/errors.ts";

/** One operation of a document, of which no more is executed. */
export interface OperationOfDocument {
  readonly document: DocumentNode;
  readonly operation: OperationDefinitionNode;
}

/** The type that an operation's root fields stand on. */
export function getRootType(schema: GraphQLSchema, { operation }: OperationDefinitionNode): GraphQLObjectType {
  const type = schema.getRootType(operation);
  if (type) return type;
  throw new AuthError("BAD_USER_INPUT", { fields: { request: [`There is no ${operation} type here.`] } });
}

type FieldsType = GraphQLObjectType | GraphQLInterfaceType;
const introspectionFields = new Map([SchemaMetaFieldDef, TypeMetaFieldDef].map((field) => [field.name, field]));

export function hasFields(type: GraphQLCompositeType): type is FieldsType {
  return isObjectType(type) || isInterfaceType(type);
}

/**
 * The field of a type, `__schema` and `__type` of the query type included; `__typename` is none. Undefined where a document that was never
 * validated asks for what the schema lacks.
 */
export function fieldOf(schema: GraphQLSchema, type: GraphQLCompositeType, name: string): GraphQLField<unknown, unknown> | undefined {
  const own = hasFields(type) ? type.getFields()[name] : undefined;
  return own ?? (type === schema.getQueryType() ? introspectionFields.get(name) : undefined);
}

/** The type that a fragment's fields stand on; that of the selection set around it where it names none. */
export function typeOfFragment(
  schema: GraphQLSchema,
  { typeCondition }: FragmentDefinitionNode | InlineFragmentNode,
  around: GraphQLCompositeType | undefined,
): GraphQLCompositeType | undefined {
  if (typeCondition === undefined) return around;
  const type = schema.getType(typeCondition.name.value);
  return isCompositeType(type) ? type : undefined;
}

/** The object types that can stand where `type` is declared. */
export function possibleTypesOf(schema: GraphQLSchema, type: GraphQLCompositeType): readonly GraphQLObjectType[] {
  return isObjectType(type) ? [type] : schema.getPossibleTypes(type);
}
