import { validate } from "uuid";

/** Whether text can be the id of anything of ours: PostgreSQL fails on all else instead of finding nothing. */
export function isId(text: string): boolean {
  return validate(text);
}
