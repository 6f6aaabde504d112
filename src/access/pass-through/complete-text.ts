import type { CompletionRequest } from "../forwarded/complete-result.ts";
import type { Cut } from "../forwarded/cut.ts";

const START = '{"data":';

/** The characters for which a string has to be unescaped; a text that is laid out on lines has them, too. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
const notPlain = /[\\\u0000-\u001f]/;

/**
 * Whether the text of an answer is just what was asked for: then `completeResult` would make the same of it, and it can be passed on
 * without being parsed. False decides nothing. One line feed may stand at its end.
 *
 * Kept for its speed: 21 % of the processor time of a query that one graph answers (docs/design/kept-for-speed.md). Nothing else of
 * `access` knows this room.
 */
export function isCompleteText(cut: Cut, { variableValues }: Pick<CompletionRequest, "variableValues">, text: string): boolean {
  const scope = cut.completion.scopeFor(variableValues ?? {});
  if ("errors" in scope || !text.startsWith(START)) return false;
  const line = text.endsWith("\n") ? text.slice(0, -1) : text;
  if (notPlain.test(line)) return false;
  const end = cut.plainReaderOf(scope)(line, START.length);
  return end === line.length - 1 && line.endsWith("}");
}
