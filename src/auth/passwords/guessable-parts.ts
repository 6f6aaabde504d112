import { keyboards, type Layout, type Place } from "./keyboards.ts";

/*
 * What a password costs whoever guesses it, in decisions: a character is one, and so is a whole walk over the keyboard or a known word.
 * Linear in the length, with a bound for each character, so that the longest password takes well under a millisecond or two.
 */

export interface KnownWords {
  /** Well-known passwords, in lower case, each at least `MINIMUM_WORD` long. */
  readonly common: ReadonlySet<string>;
  /** The user's address and the service's name, and parts of them, in lower case. */
  readonly own: readonly string[];
}

const MINIMUM_WORD = 6;
const MAXIMUM_WORD = 16;
const MINIMUM_OWN_WORD = 4;
/** A word of the list is one of some thousands. */
const COMMON_WORD = 2;
const OWN_WORD = 1;
const YEAR = { length: 4, form: /^(19|20)\d\d$/, cost: 1 } as const;
const DATE = { length: 8, form: /^([0-3]\d[0-3]\d(19|20)\d\d|(19|20)\d\d[01]\d[0-3]\d)$/, cost: 2 } as const;
/** Characters that one walk has at least: two neighbours are chance. */
const MINIMUM_WALK = 3;
/** The longest pattern of steps that is repeated, as in `1qaz2wsx3edc`, whose fourth step leads to the next column. */
const LONGEST_PATTERN = 6;

/** How many decisions a password is worth, at most: `limit` where it is at least that. In lower case. */
export function countDecisions(password: string, words: KnownWords, limit: number): number {
  // By UTF-16 unit: what is written in two of them is in no list and on no keyboard.
  const characters = password.split("");
  /** What the first `index` characters cost. */
  const costs = [0];
  const walkers = layouts.map((layout) => createWalker(characters, layout, costs));
  const findWords = createWordFinder(password, words);
  const longest = Math.max(MAXIMUM_WORD, ...words.own.map((word) => word.length));
  for (let end = 1, enough = 0; end <= characters.length; end += 1) {
    const byWords = findWords(end).map(({ length, cost }) => (costs[end - length] ?? 0) + cost);
    const cost = Math.min((costs[end - 1] ?? 0) + 1, ...byWords, ...walkers.map((walk) => walk(end)));
    costs[end] = cost;
    // No walk and no word reaches back to where it was less.
    enough = cost < limit ? 0 : enough + 1;
    if (enough > longest) return limit;
  }
  return Math.min(costs[characters.length] ?? 0, limit);
}

/** Letters and digits by their order, which is where they are in Unicode: a step of one is counting. */
const inOrder: Pick<Layout, "get"> = {
  get: (character) => (/[\p{L}\p{N}]/u.test(character) ? [character.codePointAt(0) ?? 0, 0] : undefined),
};
const layouts: readonly Pick<Layout, "get">[] = [...keyboards, inOrder];

interface Pattern {
  readonly steps: number;
  readonly characters: number;
}

/**
 * Told the end of each prefix in turn, answers what the prefix costs if it ends in a walk. A walk goes on in one direction, or repeats a
 * pattern of a few steps; as long as it does, it costs as many decisions as the pattern has steps.
 */
function createWalker(characters: readonly string[], layout: Pick<Layout, "get">, costs: readonly number[]): (end: number) => number {
  const places = characters.map((character) => layout.get(character));
  /** By the number of steps in the pattern: how many steps in a row have been as that many steps before. */
  const repeated = new Array<number>(LONGEST_PATTERN + 1).fill(0);
  const stepAt = (end: number) => stepBetween(places[end - 2], places[end - 1]);

  function extend(end: number, steps: number): Pattern | undefined {
    const step = stepAt(end);
    const isRepeated = step !== undefined && step === stepAt(end - steps);
    repeated[steps] = isRepeated ? (repeated[steps] ?? 0) + 1 : 0;
    if (repeated[steps] === 0) return undefined;
    return { steps, characters: (repeated[steps] ?? 0) + steps + 1 };
  }

  return (end) => {
    let least = Number.POSITIVE_INFINITY;
    for (let steps = 1; steps <= LONGEST_PATTERN; steps += 1) {
      const pattern = extend(end, steps);
      if (pattern === undefined || pattern.characters < Math.max(MINIMUM_WALK, 2 * steps + 1)) continue;
      const start = end - pattern.characters;
      // Anything but the next key is a decision more.
      const jump = steps === 1 && !isNear(places[end - 2], places[end - 1]) ? 1 : 0;
      least = Math.min(least, (costs[start] ?? 0) + steps + jump);
    }
    return least;
  };
}

/** As one number, to be compared; undefined where one of the characters is not there. */
function stepBetween(from: Place | undefined, to: Place | undefined): number | undefined {
  if (from === undefined || to === undefined) return undefined;
  return (to[0] - from[0]) * 16 + (to[1] - from[1]);
}

function isNear(from: Place | undefined, to: Place | undefined): boolean {
  if (from === undefined || to === undefined) return false;
  return Math.abs(to[0] - from[0]) <= 1 && Math.abs(to[1] - from[1]) <= 1;
}

interface FoundWord {
  readonly length: number;
  readonly cost: number;
}

/** Those that end there. */
function createWordFinder(password: string, { common, own }: KnownWords): (end: number) => FoundWord[] {
  const plain = password.replace(/[013457@$!]/g, (character) => disguises.get(character) ?? character);
  const spellings = plain === password ? [password] : [password, plain];
  const ownWords = own.filter(({ length }) => length >= MINIMUM_OWN_WORD);

  return (end) => {
    const found = findDate(password, end);
    for (const spelling of spellings) {
      for (let length = MINIMUM_WORD; length <= Math.min(MAXIMUM_WORD, end); length += 1) {
        if (common.has(spelling.slice(end - length, end))) found.push({ length, cost: COMMON_WORD });
      }
      for (const word of ownWords) if (spelling.endsWith(word, end)) found.push({ length: word.length, cost: OWN_WORD });
    }
    return found;
  };
}

/** A year, or a date in full. */
function findDate(password: string, end: number): FoundWord[] {
  return [YEAR, DATE].filter(({ length, form }) => length <= end && form.test(password.slice(end - length, end)));
}

/** What people write in the place of letters. */
const disguises: ReadonlyMap<string, string> = new Map([
  ["0", "o"],
  ["1", "i"],
  ["3", "e"],
  ["4", "a"],
  ["5", "s"],
  ["7", "t"],
  ["@", "a"],
  ["$", "s"],
  ["!", "i"],
]);
