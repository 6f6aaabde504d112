import type { Database } from "../../database/database.ts";
import { atOneMoment, countLeaving, readUsers } from "./export-store.ts";
import { printUserLine } from "./user-line.ts";

export interface Exported {
  readonly users: number;
  /** Those who have asked to be erased: nobody takes them along. */
  readonly leaving: number;
}

/** Writes all users of one moment, a line each, oldest first by id; holds no more of them than a page, which waits until it is written. */
export type ExportUsers = (write: (lines: string) => Promise<void>) => Promise<Exported>;

export function createExportUsers({ database }: { database: Database }): ExportUsers {
  return (write) =>
    atOneMoment(database, async (tx) => {
      let users = 0;
      for await (const page of readUsers(tx)) {
        await write(page.map(printUserLine).join(""));
        users += page.length;
      }
      return { users, leaving: await countLeaving(tx) };
    });
}
