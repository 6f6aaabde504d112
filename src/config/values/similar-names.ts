import editDistance from "damerau-levenshtein";

/** One slip of a finger: a character too many, too few, another, or two exchanged; two of them in a long name. */
const LONG = 8;

/** The known name that an unknown one was probably meant to be. */
export function similarName(name: string, known: readonly string[]): string | undefined {
  const upperCase = name.toUpperCase();
  const allowed = name.length < LONG ? 1 : 2;
  // Slips are counted in a time that grows with the product of both lengths: a name that is too long by itself is not compared.
  return known.find(
    (other) => Math.abs(other.length - name.length) <= allowed && editDistance(upperCase, other.toUpperCase()).steps <= allowed,
  );
}
