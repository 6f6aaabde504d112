import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { reasonOf } from "../../config/values/file-problems.ts";
import { StartupError } from "../../core/errors.ts";
import { type AllWords, chooseWords, type WordsFile } from "../../mail/own-words.ts";

/** The words of every message: ours, and those of the operator's folder. Throws a StartupError with everything that is wrong with it. */
export function readMailWords(directory: string | undefined): AllWords {
  const { words, problems } = chooseWords(directory === undefined ? [] : readFolder(directory));
  if (problems.length === 0) return words;
  const lines = problems.map((problem) => `  - ${problem}`);
  throw new StartupError([`gateway.yaml: mail.templates, ${directory}, has ${problems.length} problems:`, ...lines].join("\n"));
}

/** The same in sentences that go on with the name of the setting. */
export function findProblemsOfWords(directory: string): readonly string[] {
  try {
    return chooseWords(readFolder(directory)).problems.map((problem) => `has a problem: ${problem}`);
  } catch (error) {
    if (!(error instanceof StartupError)) throw error;
    return [error.message.replace("gateway.yaml: mail.templates ", "")];
  }
}

function readFolder(directory: string): WordsFile[] {
  try {
    // What is hidden is somebody else's: orchestrators keep the folders of their volumes there.
    const names = readdirSync(directory).filter((name) => !name.startsWith("."));
    return names.sort().map((name) => ({ name, text: readText(join(directory, name)) }));
  } catch (cause) {
    throw new StartupError(`gateway.yaml: mail.templates cannot be read: ${directory} (${reasonOf(cause)})`, { cause });
  }
}

/** Undefined where it is no file, or no UTF-8. */
function readText(path: string): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(readFileSync(path));
  } catch (error) {
    const isUnreadable = error instanceof TypeError || (error instanceof Error && "code" in error && error.code === "EISDIR");
    if (isUnreadable) return undefined;
    throw error;
  }
}
