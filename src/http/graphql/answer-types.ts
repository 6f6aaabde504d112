import { LRUCache } from "lru-cache";
import Negotiator from "negotiator";

/** As Apollo Server offers them, and in its order; the last is for a protocol that is not spoken here. */
const offered = [
  "application/json; charset=utf-8",
  "application/graphql-response+json; charset=utf-8",
  "application/json; callbackSpec=1.0; charset=utf-8",
];
const spoken: ReadonlySet<string | undefined> = new Set(offered.slice(0, 2));

const MAXIMUM_REMEMBERED = 100;
/** Longer ones are nobody's habit. */
const MAXIMUM_LENGTH = 256;

/** The media type of the answer that a request's `Accept` asks for; undefined where Apollo Server has to say. */
export type ChooseAnswerType = (accept: string | undefined) => string | undefined;

/** Every client sends the same header each time, so what was worked out is kept. */
export function createAnswerTypes(): ChooseAnswerType {
  const remembered = new LRUCache<string, { readonly type: string | undefined }>({ max: MAXIMUM_REMEMBERED });
  return (accept) => {
    if (accept === undefined || accept === "") return offered[0];
    const known = remembered.get(accept);
    if (known !== undefined) return known.type;
    const type = negotiate(accept);
    if (accept.length <= MAXIMUM_LENGTH) remembered.set(accept, { type });
    return type;
  };
}

function negotiate(accept: string): string | undefined {
  const preferred = new Negotiator({ headers: { accept } }).mediaType(offered);
  return spoken.has(preferred) ? preferred : undefined;
}
