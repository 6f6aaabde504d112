/** OR of ANDs: a caller needs every name of at least one inner list. */
export type Alternatives = readonly (readonly string[])[];

/** A requirement of this size is a mistake in the schema, and each denied field would send it to the client. */
export const maxAlternatives = 1000;

/**
 * Both lists must be satisfied: their Cartesian product, duplicates and supersets dropped.
 * `[[a,b],[c]] × [[d],[e]] → [[c,d],[c,e],[a,b,d],[a,b,e]]`. Throws a RangeError above `maxAlternatives`.
 */
export function conjoin(left: Alternatives, right: Alternatives): Alternatives {
  // Alternatives that already contain one of the other side stand for all their products, which would only be supersets of
  // them. So a list combined with itself is itself, and does not pass through its square.
  const settledLeft = left.filter((alternative) => includesSubsetOf(right, alternative));
  const settledRight = right.filter((alternative) => includesSubsetOf(left, alternative));
  const openLeft = left.filter((alternative) => !settledLeft.includes(alternative));
  const openRight = right.filter((alternative) => !settledRight.includes(alternative));
  refuseTooMany(openLeft.length * openRight.length);
  const products = openLeft.flatMap((a) => openRight.map((b) => [...new Set([...a, ...b])]));
  const reduced = reduce([...settledLeft, ...settledRight, ...products]);
  refuseTooMany(reduced.length);
  return reduced;
}

function includesSubsetOf(alternatives: Alternatives, names: readonly string[]): boolean {
  const others = new Set(names);
  return alternatives.some((alternative) => isSubset(alternative, others));
}

function isSubset(names: readonly string[], others: ReadonlySet<string>): boolean {
  return names.every((name) => others.has(name));
}

function refuseTooMany(count: number): void {
  if (count <= maxAlternatives) return;
  throw new RangeError(
    `The requirements combine to ${count} alternatives; at most ${maxAlternatives} are possible. Use fewer, broader ones.`,
  );
}

/** Shorter alternatives first, then in order of appearance; one that asks for more than another is never of use. */
function reduce(candidates: Alternatives): Alternatives {
  const kept: (readonly string[])[] = [];
  for (const candidate of candidates.toSorted((a, b) => a.length - b.length)) {
    if (!includesSubsetOf(kept, candidate)) kept.push(candidate);
  }
  return kept;
}

/** Whether whoever satisfies `stronger` satisfies `weaker` as well. */
export function entails(stronger: Alternatives, weaker: Alternatives): boolean {
  return stronger.every((alternative) => includesSubsetOf(weaker, alternative));
}

export function isSatisfied(alternatives: Alternatives, held: ReadonlySet<string>): boolean {
  return alternatives.some((alternative) => isSubset(alternative, held));
}

/** The names that the closest alternative lacks; of several equally close ones the first counts. */
export function lackingNames(alternatives: Alternatives, held: ReadonlySet<string>): readonly string[] {
  const lacks = alternatives.map((alternative) => alternative.filter((name) => !held.has(name)));
  return lacks.toSorted((a, b) => a.length - b.length)[0] ?? [];
}
