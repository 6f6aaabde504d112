import { randomUUID } from "node:crypto";
import type { AuthFieldsFragment } from "../../generated/operations.ts";
import type { Client, Reply } from "../client.ts";
import type { StatementTap } from "../wires/statement-tap.ts";

export type Answer = Reply<Record<string, unknown>>;

const FIELDS = "__typename ... on User { id email status } ... on Session { id current }";

export const userKey = (of: AuthFieldsFragment) => ({ __typename: "User", id: of.user.id });
export const sessionKey = (of: AuthFieldsFragment) => ({ __typename: "Session", id: of.session.id });
export const unknownKey = (typename: string) => ({ __typename: typename, id: randomUUID() });

export type FetchEntities = (representations: readonly unknown[], as?: AuthFieldsFragment, fields?: string) => Promise<Answer>;

/** What a federated gateway sends. */
export function createFetchEntities({ post }: Pick<Client, "post">): FetchEntities {
  return (representations, as, fields = FIELDS) => {
    const query = `query($representations: [_Any!]!) { _entities(representations: $representations) { ${fields} } }`;
    return post({ query, variables: { representations } }, { token: as?.accessToken });
  };
}

export function entitiesOf({ data }: Answer): unknown[] {
  return data?._entities as unknown[];
}

/** Whose rows were read, statement by statement; what a server does by itself apart. */
export async function readsDuring(tap: StatementTap, work: () => Promise<unknown>): Promise<string[]> {
  const statements = await tap.during(work);
  return statements.flatMap((statement) => /^select .* from (users|sessions)\b/s.exec(statement)?.[1] ?? []).sort();
}
