import editDistance from "damerau-levenshtein";

/** One slip of a finger: a character too many, too few, another, or two exchanged; two of them in a long name. */
const LONG = 8;

/** The known name that an unknown one was probably meant to be. */
export function similarName(name: string, known: readonly string[]): string | undefined {
  const upperCase = name.toUpperCase();
  const allowed = name.length < LONG ? 1 : 2;
  return known.find((other) => editDistance(upperCase, other.toUpperCase()).steps <= allowed);
}
