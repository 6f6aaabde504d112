import { LRUCache } from "lru-cache";
import Negotiator from "negotiator";

/** The types that Apollo Server offers, in its order. */
const answerTypes = ["application/json; charset=utf-8", "application/graphql-response+json; charset=utf-8"];
/** Apollo Server's answers by a protocol that is not spoken here. */
const unspoken = "application/json; callbackSpec=1.0; charset=utf-8";
/** A browser that opens a page gets HTML. */
const page = "text/html";
const offered = [...answerTypes, unspoken, page];

const MAXIMUM_REMEMBERED = 100;
/** Longer ones are nobody's habit. */
const MAXIMUM_LENGTH = 256;

/** The types that a request's `Accept` header takes. */
export interface Accepted {
  /** Whether it takes a GraphQL answer. */
  readonly takesAnswer: boolean;
  /** Whether it takes a page, which is all that a browser may ask for. */
  readonly takesPage: boolean;
  /** The media type of a GraphQL answer; undefined where Apollo Server has to say. */
  readonly answerType: string | undefined;
}

export type ReadAccept = (accept: string | undefined) => Accepted;

const anything: Accepted = { takesAnswer: true, takesPage: true, answerType: answerTypes[0] };

/** Every client sends the same header each time, so what was worked out is kept. */
export function createAcceptReader(): ReadAccept {
  const remembered = new LRUCache<string, Accepted>({ max: MAXIMUM_REMEMBERED });
  return (accept) => {
    if (accept === undefined || accept === "*/*" || accept === "application/json") return anything;
    const known = remembered.get(accept);
    if (known !== undefined) return known;
    const accepted = negotiate(accept);
    if (accept.length <= MAXIMUM_LENGTH) remembered.set(accept, accepted);
    return accepted;
  };
}

function negotiate(accept: string): Accepted {
  const taken = new Negotiator({ headers: { accept } }).mediaTypes(offered);
  const answerType = taken.find((type) => type !== page);
  return {
    takesAnswer: taken.some((type) => answerTypes.includes(type)),
    takesPage: taken.includes(page),
    answerType: answerType === unspoken ? undefined : answerType,
  };
}
