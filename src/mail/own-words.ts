import { builtInWords } from "./built-in-words.ts";
import { hasStrayBraces, placeholdersIn } from "./fill-template.ts";
import { layOutWords } from "./lay-out-words.ts";
import { type MailWords, placeholders, type WordsName, wordsNames } from "./mail-words.ts";

/** The words of every message. */
export type AllWords = Readonly<Record<WordsName, MailWords>>;

/** A file of the operator's folder; undefined: it is no text in UTF-8. */
export interface WordsFile {
  readonly name: string;
  readonly text: string | undefined;
}

interface Subjected {
  readonly subject: string;
  readonly text: string;
}

const MAXIMUM_CHARACTERS = 200_000;
const MAXIMUM_SUBJECT = 150;

/**
 * Ours, with the operator's in the place of those that there are files for: `NAME.txt`, whose first line is `Subject: …`, and `NAME.html`.
 * Whoever writes the text alone sends text alone, because our HTML would say something else.
 */
export function chooseWords(files: readonly WordsFile[]): { words: AllWords; problems: readonly string[] } {
  const problems = files.flatMap(({ name, text }) => checkFile(name, text).map((problem) => `${name} ${problem}`));
  const texts = new Map(files.map(({ name, text }) => [name, text ?? ""]));
  const words = wordsNames.map((name) => [name, wordsFor(name, texts)] as const);
  return { words: Object.fromEntries(words) as AllWords, problems };
}

function wordsFor(name: WordsName, texts: ReadonlyMap<string, string>): MailWords {
  const ours = layOutWords(builtInWords[name]);
  const [text, html] = [texts.get(`${name}.txt`), texts.get(`${name}.html`)];
  if (text === undefined) return { ...ours, html: html ?? ours.html };
  return { ...(splitSubject(text) ?? ours), html };
}

function checkFile(file: string, text: string | undefined): string[] {
  const [, name = "", kind] = /^([a-z_]+)\.(txt|html)$/.exec(file) ?? [];
  if (!isWordsName(name)) return [`is not one of ${wordsNames.join(", ")}, with .txt or .html.`];
  if (text === undefined) return ["is not text in UTF-8."];
  if (text.length > MAXIMUM_CHARACTERS) return ["is too long for a message."];
  if (kind === "html") return checkBody(name, text);
  const parts = splitSubject(text);
  if (parts === undefined) return ["must begin with a line such as Subject: Your account."];
  return [...checkSubject(parts.subject), ...checkBody(name, parts.text)];
}

function checkSubject(subject: string): string[] {
  const misplaced = placeholdersIn(subject).filter((name) => name !== "service");
  const problems = misplaced.map(
    (name) => `has {{${name}}} in its subject, which lock screens and logs of mail servers show; there may be {{service}}.`,
  );
  if (subject.length > MAXIMUM_SUBJECT || /\p{Cc}/u.test(subject))
    return [...problems, `has a subject longer than ${MAXIMUM_SUBJECT} characters, or with one that is not seen.`];
  return hasStrayBraces(subject) ? [...problems, "has {{ in its subject without a name and }}."] : problems;
}

function checkBody(name: WordsName, body: string): string[] {
  const known: readonly string[] = [...placeholders[name], "service"];
  const used = placeholdersIn(body);
  const unknown = used.filter((each) => !known.includes(each)).map((each) => `has {{${each}}}, but there is only ${known.join(", ")}.`);
  const stray = hasStrayBraces(body) ? ["has {{ without a name and }}."] : [];
  // Without a link or a code nobody could do what the message is for.
  const isUseless = known.includes("link") && !used.includes("link") && !used.includes("code");
  return [...unknown, ...stray, ...(isUseless ? ["has no {{link}}, which is what the message is for."] : [])];
}

function splitSubject(text: string): Subjected | undefined {
  const [, subject = "", rest = ""] = /^\uFEFF?Subject:([^\r\n]*)\r?\n(?:\r?\n)?([\s\S]*)$/.exec(text) ?? [];
  const trimmed = subject.trim();
  return trimmed === "" || rest.trim() === "" ? undefined : { subject: trimmed, text: rest };
}

function isWordsName(name: string): name is WordsName {
  return Object.hasOwn(placeholders, name);
}
