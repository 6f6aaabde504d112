import type { FastifyInstance } from "fastify";

/** No input of the schema is deeper than two; what is far deeper is meant to exhaust the stack of whoever walks through it. */
const MAXIMUM_NESTING = 64;

/** JSON by RFC 8259, section 8.1: UTF-8 and nothing else, so that no broken byte is mended into a character of a password. */
export function readJsonStrictly(app: FastifyInstance): void {
  const parseJson = app.getDefaultJsonParser("error", "error");
  const decoder = new TextDecoder("utf-8", { fatal: true });
  app.addContentTypeParser<Buffer>("application/json", { parseAs: "buffer" }, (request, body, done) => {
    const text = decode(decoder, body);
    if (text === undefined || isNestedTooDeep(text)) return done(Object.assign(new SyntaxError("malformed JSON"), { statusCode: 400 }));
    return parseJson(request, text, done);
  });
}

function decode(decoder: InstanceType<typeof TextDecoder>, body: Buffer): string | undefined {
  try {
    return decoder.decode(body);
  } catch {
    return undefined;
  }
}

/**
 * Counts brackets outside strings, in one pass: a pattern that backtracks would be the next thing to exhaust. Nearly all of a body is
 * one string, the document, and is jumped over.
 */
export function isNestedTooDeep(text: string): boolean {
  let depth = 0;
  for (let index = 0; index < text.length; index += 1) {
    const character = text[index];
    if (character === '"') index = endOfString(text, index);
    else if (character === "[" || character === "{") depth += 1;
    else if (character === "]" || character === "}") depth -= 1;
    if (depth > MAXIMUM_NESTING) return true;
  }
  return false;
}

/** The index of the quote that closes the string; the text's end where there is none. */
function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (end !== -1 && isEscaped(text, end)) end = text.indexOf('"', end + 1);
  return end === -1 ? text.length : end;
}

function isEscaped(text: string, index: number): boolean {
  let first = index;
  while (text[first - 1] === "\\") first -= 1;
  return (index - first) % 2 === 1;
}
