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

/** Counts brackets outside strings, in one pass: a pattern that backtracks would be the next thing to exhaust. */
export function isNestedTooDeep(text: string): boolean {
  let depth = 0;
  let isInString = false;
  for (let index = 0; index < text.length; index += 1) {
    const character = text[index];
    if (character === "\\" && isInString) index += 1;
    else if (character === '"') isInString = !isInString;
    else if (isInString) continue;
    else if (character === "[" || character === "{") depth += 1;
    else if (character === "]" || character === "}") depth -= 1;
    if (depth > MAXIMUM_NESTING) return true;
  }
  return false;
}
