/** One slip of a finger: a character too many, too few, another, or two exchanged; two of them in a long name. */
const LONG = 8;

/** The known name that an unknown one was probably meant to be. */
export function similarName(name: string, known: readonly string[]): string | undefined {
  const upperCase = name.toUpperCase();
  const allowed = name.length < LONG ? 1 : 2;
  return known.find((other) => Math.abs(other.length - name.length) <= allowed && countSlips(upperCase, other) <= allowed);
}

/** Damerau's distance, in which nothing is exchanged twice. */
function countSlips(from: string, to: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_none, index) => index);
  for (let row = 1; row <= from.length; row += 1) {
    const next = [row];
    for (let column = 1; column <= to.length; column += 1) {
      const at = (line: readonly number[], index: number) => line[index] ?? 0;
      const isSame = from[row - 1] === to[column - 1];
      const isExchanged = row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      const slips = [at(last, column) + 1, at(next, column - 1) + 1, at(last, column - 1) + (isSame ? 0 : 1)];
      next.push(Math.min(...slips, ...(isExchanged ? [at(beforeLast, column - 2) + 1] : [])));
    }
    beforeLast = last;
    last = next;
  }
  return last[to.length] ?? 0;
}
