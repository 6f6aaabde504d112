import {
  type FieldNode,
  GraphQLBoolean,
  type GraphQLError,
  GraphQLFloat,
  GraphQLID,
  GraphQLInt,
  type GraphQLLeafType,
  GraphQLString,
  isEnumType,
  locatedError,
} from "graphql";
import { isShallow } from "./nesting.ts";

export type ResponsePath = readonly (string | number)[];

/** One answer that is being completed. */
export interface Completing {
  /** Where we are. */
  readonly path: (string | number)[];
  readonly errors: GraphQLError[];
  /** Each is told once, however many items of a list it stands in. */
  readonly told: Set<Told>;
  /** The error for a value that does not fit what was asked for. */
  unfit(path: ResponsePath): Error;
  /** Whether whoever answered said why the value at this path is null. */
  isExplained(path: ResponsePath): boolean;
}

/** Something that is wrong with a selection, wherever its values stand. */
export interface Told {
  readonly nodes: readonly FieldNode[];
  /** As it was told in an earlier answer. Errors never change, and to make one costs more than to complete twenty objects. */
  last?: GraphQLError;
}

/** The value as it may be shown. `undefined`: null, where null may not stand, so that what is around it must be null. */
export type Completer = (value: unknown, completing: Completing) => unknown;

const builtInChecks = new Map<string, (value: unknown) => boolean>([
  [GraphQLInt.name, Number.isInteger],
  [GraphQLFloat.name, isNumber],
  [GraphQLString.name, isString],
  [GraphQLBoolean.name, isBoolean],
  [GraphQLID.name, isId],
]);

export interface CompletedField {
  readonly key: string;
  readonly complete: Completer;
}
export type Source = Readonly<Record<string, unknown>>;

export function completeLeaf(type: GraphQLLeafType, told: Told): Completer {
  const check = checkOf(type);
  return (value, completing) => {
    if (value === null) return null;
    return value !== undefined && check(value) ? value : refuse(completing, told);
  };
}

function checkOf(type: GraphQLLeafType): (value: unknown) => boolean {
  if (isEnumType(type)) return (value) => typeof value === "string" && type.getValue(value) !== undefined;
  return builtInChecks.get(type.name) ?? isData;
}

/** What a scalar of somebody's own looks like, only they know; a function would be a prototype's. */
function isData(value: unknown): boolean {
  return typeof value !== "function" && isShallow(value);
}

/** Null, with an error unless whoever answered said why. */
function refuse(completing: Completing, told: Told): null {
  if (!completing.told.has(told) && !completing.isExplained(completing.path)) {
    tell(completing, told, completing.unfit([...completing.path]));
  }
  return null;
}

export function tell(completing: Completing, told: Told, error: Error): void {
  if (completing.told.has(told)) return;
  completing.told.add(told);
  if (told.last === undefined || told.last.originalError !== error || !isAt(told.last, completing.path)) {
    told.last = locatedError(error, told.nodes, [...completing.path]);
  }
  completing.errors.push(told.last);
}

function isAt(error: GraphQLError, path: ResponsePath): boolean {
  return error.path?.length === path.length && error.path.every((step, index) => step === path[index]);
}

export function completeNonNull(inner: Completer, told: Told): Completer {
  return (value, completing) => {
    if (value === null) refuse(completing, told);
    return (value === null ? null : inner(value, completing)) ?? undefined;
  };
}

export function completeList(inner: Completer, told: Told): Completer {
  return (values, completing) => {
    if (values === null) return null;
    if (!Array.isArray(values)) return refuse(completing, told);
    let completed: unknown[] | undefined;
    let isNull = false;
    for (let index = 0; index < values.length; index++) {
      completing.path.push(index);
      const value = inner(values[index], completing);
      completing.path.pop();
      if (completed === undefined && value !== values[index]) completed = values.slice(0, index);
      if (value === undefined) isNull = true;
      completed?.push(value);
    }
    return isNull ? null : (completed ?? values);
  };
}

/** `fieldsOf` says which fields an object has, or, by null, that it is denied; undefined: no object that could stand here. */
export function completeObject(
  fieldsOf: (source: Source, completing: Completing) => readonly CompletedField[] | null | undefined,
  told: Told,
): Completer {
  return (value, completing) => {
    if (value === null) return null;
    if (typeof value !== "object" || Array.isArray(value)) return refuse(completing, told);
    const fields = fieldsOf(value as Source, completing);
    if (fields === undefined) return refuse(completing, told);
    return fields && completeFields(fields, value as Source, completing);
  };
}

/**
 * The fields that were asked for, and nothing else; null where one of them may not be null and is. The object itself where it is just that.
 */
export function completeFields(fields: readonly CompletedField[], source: Source, completing: Completing): Source | null {
  let completed = hasJustThese(fields, source) ? undefined : firstOf(0, fields, source);
  let isNull = false;
  for (let index = 0; index < fields.length; index++) {
    const { key, complete } = fields[index] as CompletedField;
    completing.path.push(key);
    const value = complete(source[key], completing);
    completing.path.pop();
    if (completed === undefined && value !== source[key]) completed = firstOf(index, fields, source);
    if (value === undefined) isNull = true;
    else if (completed !== undefined) completed[key] = value;
  }
  return isNull ? null : (completed ?? source);
}

/** Whether an object has these fields and no others, in this order. */
function hasJustThese(fields: readonly CompletedField[], source: Source): boolean {
  let index = 0;
  for (const key in source) {
    if (fields[index]?.key !== key) return false;
    index++;
  }
  return index === fields.length;
}

function firstOf(count: number, fields: readonly CompletedField[], source: Source): Record<string, unknown> {
  return Object.fromEntries(fields.slice(0, count).map(({ key }) => [key, source[key]]));
}

function isBoolean(value: unknown): boolean {
  return typeof value === "boolean";
}

function isString(value: unknown): boolean {
  return typeof value === "string";
}

function isNumber(value: unknown): boolean {
  return typeof value === "number" && Number.isFinite(value);
}

function isId(value: unknown): boolean {
  return typeof value === "string" || Number.isInteger(value);
}
