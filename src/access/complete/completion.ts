import {
  type FieldNode,
  type GraphQLCompositeType,
  type GraphQLObjectType,
  type GraphQLOutputType,
  getNamedType,
  isCompositeType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  type SelectionSetNode,
  TypeNameMetaFieldDef,
} from "graphql";
import type { AuthError } from "../../core/errors.ts";
import { type Collection, collectFields } from "../collect-fields.ts";
import type { DeniedSelection } from "../cut/cut-selections.ts";
import { fieldOf, possibleTypesOf } from "../document-types.ts";
import type { Judge, SchemaRequirements } from "../requirements/schema-requirements.ts";
import {
  type CompletedField,
  type Completer,
  type Completing,
  completeLeaf,
  completeList,
  completeNonNull,
  completeObject,
  type Fault,
  report,
  type Source,
} from "./complete-value.ts";

/** One field of the answer on one object type. */
export interface AnsweredField extends CompletedField {
  /** The place below the field, where the caller may see it. */
  readonly scope: Scope | undefined;
  readonly isDenied: boolean;
  readonly type: GraphQLOutputType;
  /** The only value of a `__typename`. */
  readonly typename?: string;
}

/** The fields that one object type answers at one place of the operation. */
export interface Answer {
  readonly fields: readonly AnsweredField[];
  readonly byKey: ReadonlyMap<string, AnsweredField>;
}

/** One place of the operation at which objects stand, and what each type of them answers there. Answers are computed when asked for. */
export interface Scope {
  /** The answers of all objects that can stand here, but for those of which the caller may see nothing. */
  answers(): readonly Answer[];
  /** The answer of the type that the object names; null: the caller may see nothing of it; undefined: it cannot stand here. */
  answerTo(source: Source): Answer | null | undefined;
  /** Whether objects of several types can stand here. */
  readonly isAbstract: boolean;
  /** The fields that `answerTo` finds; reports why the caller may see nothing of an object. */
  readonly fieldsOf: (source: Source, completing: Completing) => readonly AnsweredField[] | null | undefined;
}

/** How answers to one operation with certain conditions are completed for one caller. */
export interface CompletionRules extends Collection {
  readonly required: SchemaRequirements;
  readonly judge: Judge;
  readonly denied: ReadonlyMap<FieldNode, DeniedSelection>;
}

/** A denied selection of one place is reported once, whichever types answer it. */
type Faults = Map<FieldNode | string, Fault>;

export function createRootScope(rootType: GraphQLObjectType, selectionSet: SelectionSetNode, by: CompletionRules): Scope {
  const requirement = by.required.table.types.get(rootType.name);
  const typenameDenial = requirement && by.judge(requirement, `${rootType.name}.__typename`);
  return createScope({ type: rootType, selectionSets: [selectionSet], nodes: [], typenameDenial }, by);
}

interface ScopePlace {
  readonly type: GraphQLCompositeType;
  readonly selectionSets: readonly SelectionSetNode[];
  /** The selections of the objects themselves. */
  readonly nodes: readonly FieldNode[];
  /** The denial of the root's `__typename`, which is guarded like a field. */
  readonly typenameDenial?: AuthError | undefined;
}

function createScope({ type, selectionSets, nodes, typenameDenial }: ScopePlace, by: CompletionRules): Scope {
  const faults: Faults = new Map();
  const answers = new Map<string, Answer>();
  const objectTypes = new Map(possibleTypesOf(by.schema, type).map((objectType) => [objectType.name, objectType]));
  const denials = denialsBehind(type, by);

  function answerOf(objectType: GraphQLObjectType): Answer {
    const known = answers.get(objectType.name);
    if (known !== undefined) return known;
    const collected = [...collectFields(selectionSets, objectType, by)];
    const fields = collected.flatMap((group) => answeredField(group, objectType, { by, faults, typenameDenial }) ?? []);
    const answer = { fields, byKey: new Map(fields.map((field) => [field.key, field])) };
    answers.set(objectType.name, answer);
    return answer;
  }

  const nameOf = (source: Source): unknown => (isObjectType(type) ? type.name : source.__typename);

  function answerTo(source: Source): Answer | null | undefined {
    const name = nameOf(source);
    const objectType = typeof name === "string" ? objectTypes.get(name) : undefined;
    if (objectType === undefined) return undefined;
    return denials.has(objectType.name) ? null : answerOf(objectType);
  }

  return {
    isAbstract: !isObjectType(type),
    answers: () => [...objectTypes.values()].filter(({ name }) => !denials.has(name)).map(answerOf),
    answerTo,
    fieldsOf(source, completing) {
      const answer = answerTo(source);
      if (answer !== null) return answer?.fields;
      const name = String(nameOf(source));
      const error = denials.get(name);
      if (error !== undefined) report(completing, faultOf(faults, name, nodes), error);
      return null;
    },
  };
}

/** Why the caller may see nothing of some of the objects behind an abstract type, by their type's name. */
function denialsBehind(type: GraphQLCompositeType, { required, judge }: CompletionRules): ReadonlyMap<string, AuthError> {
  const denials = new Map<string, AuthError>();
  // A declared object type was judged with the field that returns it.
  for (const { name } of isObjectType(type) ? [] : possibleTypesOf(required.schema, type)) {
    const requirement = required.table.types.get(name);
    const error = requirement && judge(requirement, name);
    if (error !== undefined) denials.set(name, error);
  }
  return denials;
}

interface AnswerRules {
  readonly by: CompletionRules;
  readonly faults: Faults;
  readonly typenameDenial: AuthError | undefined;
}

function answeredField(
  [key, nodes]: readonly [string, readonly FieldNode[]],
  objectType: GraphQLObjectType,
  { by, faults, typenameDenial }: AnswerRules,
): AnsweredField | undefined {
  const [first] = nodes;
  if (first === undefined) return undefined;
  const name = first.name.value;
  if (name === "__typename") return typenameField(key, objectType, { nodes, error: typenameDenial });
  const field = fieldOf(by.schema, objectType, name);
  if (field === undefined) return undefined;
  const denial = by.denied.get(first);
  // One permitted selection of a response key is enough: see field-guard.ts.
  if (denial === undefined || nodes.some((node) => !by.denied.has(node))) return permittedField(key, nodes, { type: field.type, by });
  const error = by.judge(denial.requirement, `${objectType.name}.${name}`) ?? denial.error;
  return deniedField(key, field.type, { fault: faultOf(faults, first, nodes), error });
}

function typenameField(
  key: string,
  objectType: GraphQLObjectType,
  { nodes, error }: { nodes: readonly FieldNode[]; error: AuthError | undefined },
): AnsweredField {
  if (error !== undefined) return deniedField(key, TypeNameMetaFieldDef.type, { fault: { nodes }, error });
  const { name: typename } = objectType;
  return { key, complete: () => typename, scope: undefined, isDenied: false, type: TypeNameMetaFieldDef.type, typename };
}

function deniedField(key: string, type: GraphQLOutputType, { fault, error }: { fault: Fault; error: AuthError }): AnsweredField {
  const instead = isNonNullType(type) ? undefined : null;
  const complete: Completer = (_value, completing) => {
    report(completing, fault, error);
    return instead;
  };
  return { key, complete, scope: undefined, isDenied: true, type };
}

function permittedField(
  key: string,
  nodes: readonly FieldNode[],
  { type, by }: { type: GraphQLOutputType; by: CompletionRules },
): AnsweredField {
  const named = getNamedType(type);
  const selectionSets = nodes.flatMap(({ selectionSet }) => selectionSet ?? []);
  const scope = isCompositeType(named) ? createScope({ type: named, selectionSets, nodes }, by) : undefined;
  return { key, complete: completerOf(type, { nodes }, scope), scope, isDenied: false, type };
}

function completerOf(type: GraphQLOutputType, fault: Fault, scope: Scope | undefined): Completer {
  if (isNonNullType(type)) return completeNonNull(completerOf(type.ofType, fault, scope), fault);
  if (isListType(type)) return completeList(completerOf(type.ofType, fault, scope), fault);
  if (isLeafType(type)) return completeLeaf(type, fault);
  return completeObject(scope === undefined ? () => undefined : scope.fieldsOf, fault);
}

function faultOf(faults: Faults, of: FieldNode | string, nodes: readonly FieldNode[]): Fault {
  const fault = faults.get(of) ?? { nodes };
  faults.set(of, fault);
  return fault;
}
