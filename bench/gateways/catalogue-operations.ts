import { deepStrictEqual } from "node:assert";
import { createClient } from "../../tests/support/client.ts";
import type { Caller } from "../machine/load.ts";
import type { Server } from "../machine/servers.ts";

/** One operation on the catalogue, and what an answer to it has to be like. */
export interface CatalogueOperation {
  readonly name: string;
  readonly query: string;
  /** Fields of products that the caller must not have. */
  readonly deniedField?: string;
}

export const overOne: CatalogueOperation = {
  name: "one graph",
  query: "query Page($page: Int!) { products(page: $page) { id name price stock category rating } }",
};
export const withDenied: CatalogueOperation = {
  name: "one graph, a selection denied",
  query: "query Page($page: Int!) { products(page: $page) { id name price stock category rating margin } }",
  deniedField: "margin",
};
export const overTwo: CatalogueOperation = {
  name: "two graphs",
  query: "query Page($page: Int!) { products(page: $page) { id name price reviews { id stars body } } }",
};

const FIRST_PAGE = 1_000_000;
/** All pages have seven digits. */
const PAGES_OF_CALLER = 90_000;

/** Every request of every caller is for a page of its own, so that nobody answers two by one. */
export function catalogueCaller({ query, deniedField }: CatalogueOperation, number: number, token: string | undefined): Caller {
  const bodyOf = (page: number) => JSON.stringify({ query, variables: { page } });
  const first = FIRST_PAGE + number * PAGES_OF_CALLER;
  let page = first;
  return {
    token,
    body: bodyOf(page),
    next(answer) {
      const isWhole = answer.includes(`"id":"${page}-19"`) && answer.includes('"errors"') === (deniedField !== undefined);
      if (!isWhole) return undefined;
      page = first + ((page + 1 - first) % PAGES_OF_CALLER);
      return bodyOf(page);
    },
  };
}

/** Throws where one of the servers answers something else than the first one. */
export async function checkSameAnswers(
  { query }: CatalogueOperation,
  servers: readonly Server[],
  token: string | undefined,
): Promise<void> {
  const answers = await Promise.all(
    servers.map(({ url }) => createClient(url).post({ query, variables: { page: FIRST_PAGE } }, { token })),
  );
  const [reference, ...others] = answers;
  for (const { data, errors } of others) deepStrictEqual({ data, errors }, { data: reference?.data, errors: reference?.errors });
}
