import { validate } from "uuid";

/** Whether text can be the id of anything of ours: PostgreSQL fails on all else instead of finding nothing. */
export function isId(text: string): boolean {
  return validate(text);
}

/**
 * One for each id, in their order, found by one call of `find`, which gets each id once; undefined also for what is no id at all.
 * Ids are spelled as PostgreSQL spells them: in lower case.
 */
export async function findByIds<Item extends { readonly id: string }>(
  ids: readonly string[],
  find: (ids: readonly string[]) => Promise<readonly Item[]>,
): Promise<(Item | undefined)[]> {
  const sought = [...new Set(ids.filter(isId))];
  const found = sought.length === 0 ? [] : await find(sought);
  const byId = new Map(found.map((item) => [item.id, item]));
  return ids.map((id) => byId.get(id));
}
