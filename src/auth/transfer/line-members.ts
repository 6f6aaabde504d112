/** What is wrong with a line. */
export interface FieldProblem {
  /** Null: the line as a whole. */
  readonly field: string | null;
  readonly reason: string;
}

/** What stands in for a member that is not there, or null. */
export const absent: unique symbol = Symbol("absent");

export type Reading<Value> =
  | { readonly value: Value; readonly problem?: undefined }
  | { readonly value?: undefined; readonly problem: string };

/** The members of the JSON object that a line is. */
export type Members<Field extends string> = TakenMembers<Field> | { readonly problem: FieldProblem };

interface TakenMembers<Field extends string> {
  readonly problem?: undefined;
  /** The value of a member; undefined where `read` finds a problem, which is kept. */
  take<Value>(field: Field, read: (value: unknown) => Reading<Value>): Value | undefined;
  /** Those found so far. */
  readonly problems: FieldProblem[];
}

/** A name that may be shown on a terminal: it comes from the file. */
const plainName = /^[\w.-]{1,64}$/;

export function readMembers<Field extends string>(text: string, fields: readonly Field[]): Members<Field> {
  const parsed = parse(text);
  if (parsed === undefined) return { problem: { field: null, reason: "Is not a JSON object." } };
  const members = new Map(Object.entries(parsed));
  const problems = unknownMembers([...members.keys()], fields);
  return {
    problems,
    take(field, read) {
      const { value, problem } = read(members.get(field) ?? absent);
      if (problem !== undefined) problems.push({ field, reason: problem });
      return value;
    },
  };
}

function parse(text: string): object | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === "object" && parsed !== null && !Array.isArray(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

/** One problem, however many there are. */
function unknownMembers(names: readonly string[], known: readonly string[]): FieldProblem[] {
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length === 0) return [];
  const [first = ""] = unknown;
  const more = unknown.length === 1 ? "" : ` So are ${unknown.length - 1} more.`;
  return [{ field: plainName.test(first) ? first : null, reason: `Is not a known key; known are ${known.join(", ")}.${more}` }];
}
