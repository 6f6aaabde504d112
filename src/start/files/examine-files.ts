import { accessSync, constants, statSync } from "node:fs";
import type { FileSections } from "../../config/file/sections.ts";
import type { ConfigProblem } from "../../config/values/config-error.ts";
import { reasonOf } from "../../config/values/file-problems.ts";
import { findProblemsOfWords } from "./mail-words.ts";

/** What is wrong with the files that gateway.yaml names, as far as it can be told without running any of them. */
export function examineFiles({ hooks, mail }: Pick<FileSections, "hooks" | "mail">): ConfigProblem[] {
  const ofWords = mail.templatesDirectory === undefined ? [] : findProblemsOfWords(mail.templatesDirectory);
  return [
    ...(hooks === undefined ? [] : problemsOfModule(hooks.module)),
    ...ofWords.map((problem) => ({ variable: "gateway.yaml: mail.templates", problem, example: "mail: { templates: ./mail }" })),
  ];
}

function problemsOfModule(path: string): ConfigProblem[] {
  const reason = whyUnreadable(path);
  if (reason === undefined) return [];
  const problem = `cannot be read: ${path} (${reason}). The path is relative to gateway.yaml.`;
  return [{ variable: "gateway.yaml: hooks.module", problem, example: "hooks: { module: ./hooks.js }" }];
}

function whyUnreadable(path: string): string | undefined {
  try {
    accessSync(path, constants.R_OK);
    return statSync(path).isDirectory() ? "it is a folder" : undefined;
  } catch (error) {
    return reasonOf(error);
  }
}
