/** The sets that one word may draw on, by the "highly restrictive" level of Unicode Technical Standard 39, section 5.2. */
const writingSystems = [
  /^[\p{scx=Latin}\p{scx=Han}\p{scx=Hiragana}\p{scx=Katakana}\p{scx=Common}\p{scx=Inherited}]*$/u,
  /^[\p{scx=Latin}\p{scx=Han}\p{scx=Bopomofo}\p{scx=Common}\p{scx=Inherited}]*$/u,
  /^[\p{scx=Latin}\p{scx=Han}\p{scx=Hangul}\p{scx=Common}\p{scx=Inherited}]*$/u,
  ...["Arabic", "Armenian", "Bengali", "Cyrillic", "Devanagari", "Ethiopic", "Georgian", "Greek", "Gujarati", "Gurmukhi", "Hebrew"],
  ...["Kannada", "Khmer", "Lao", "Malayalam", "Myanmar", "Oriya", "Sinhala", "Tamil", "Telugu", "Thaana", "Thai", "Tibetan"],
].map((system) => (typeof system === "string" ? new RegExp(`^[\\p{scx=${system}}\\p{scx=Common}\\p{scx=Inherited}]*$`, "u") : system));

/** True for a word such as `pаypal` with a Cyrillic `а`: no single writing system has all of its letters. */
export function hasMixedScripts(word: string): boolean {
  return !writingSystems.some((system) => system.test(word));
}
