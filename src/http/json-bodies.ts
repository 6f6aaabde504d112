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

/** Counts brackets outside strings. */
function isNestedTooDeep(text: string): boolean {
  let depth = 0;
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|[[\]{}]/gs)) {
    if (token === "[" || token === "{") depth += 1;
    if (token === "]" || token === "}") depth -= 1;
    if (depth > MAXIMUM_NESTING) return true;
  }
  return false;
}
