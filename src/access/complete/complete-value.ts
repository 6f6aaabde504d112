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
  /** The path of the value that is being completed. */
  readonly path: (string | number)[];
  readonly errors: GraphQLError[];
  /** Each fault is reported once, however many items of a list have it. */
  readonly reported: Set<Fault>;
  /** The error for a value that does not fit what was asked for. */
  unfit(path: ResponsePath): Error;
  /** Whether whoever answered said why the value at this path is null. */
  isExplained(path: ResponsePath): boolean;
}

/** Something that is wrong with a selection, wherever its values stand. */
export interface Fault {
  readonly nodes: readonly FieldNode[];
  /** The error that reported it in an earlier answer. Errors never change, and to make one costs more than to complete twenty objects. */
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

export function completeLeaf(type: GraphQLLeafType, fault: Fault): Completer {
  const check = checkOf(type);
  return (value, completing) => {
    if (value === null) return null;
    return value !== undefined && check(value) ? value : refuse(completing, fault);
  };
}

function checkOf(type: GraphQLLeafType): (value: unknown) => boolean {
  if (isEnumType(type)) return (value) => typeof value === "string" && type.getValue(value) !== undefined;
  return builtInChecks.get(type.name) ?? isData;
}

/** Takes any value for a custom scalar, whose form only its owner knows. A function would be a prototype's. */
function isData(value: unknown): boolean {
  return typeof value !== "function" && isShallow(value);
}

/** Null, with an error unless whoever answered said why. */
function refuse(completing: Completing, fault: Fault): null {
  if (!completing.reported.has(fault) && !completing.isExplained(completing.path)) {
    report(completing, fault, completing.unfit([...completing.path]));
  }
  return null;
}

export function report(completing: Completing, fault: Fault, error: Error): void {
  if (completing.reported.has(fault)) return;
  completing.reported.add(fault);
  if (fault.last === undefined || fault.last.originalError !== error || !isAt(fault.last, completing.path)) {
    fault.last = locatedError(error, fault.nodes, [...completing.path]);
  }
  completing.errors.push(fault.last);
}

function isAt(error: GraphQLError, path: ResponsePath): boolean {
  return error.path?.length === path.length && error.path.every((step, index) => step === path[index]);
}

export function completeNonNull(inner: Completer, fault: Fault): Completer {
  return (value, completing) => {
    if (value === null) refuse(completing, fault);
    return (value === null ? null : inner(value, completing)) ?? undefined;
  };
}

export function completeList(inner: Completer, fault: Fault): Completer {
  return (values, completing) => {
    if (values === null) return null;
    if (!Array.isArray(values)) return refuse(completing, fault);
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
  fault: Fault,
): Completer {
  return (value, completing) => {
    if (value === null) return null;
    if (typeof value !== "object" || Array.isArray(value)) return refuse(completing, fault);
    const fields = fieldsOf(value as Source, completing);
    if (fields === undefined) return refuse(completing, fault);
    return fields && completeFields(fields, value as Source, completing);
  };
}

/** The object with the fields that were asked for, and no others: itself if it has just these. Null where one may not be null and is. */
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
