import type postgres from "postgres";
import type { SentStatement } from "../wires/statement-tap.ts";

/** Of one statement as it was sent: what it says, and the lines of its plan. */
export interface StatementPlan {
  readonly text: string;
  readonly plan: string;
}

/** What says nothing of rows, or is not of a store: transactions, settings, announcements, locks. */
const isOfAStore = ({ text }: SentStatement) => /^\s*(select|insert|update|delete|with)\b/i.test(text) && /"auth"\./.test(text);

/**
 * How PostgreSQL plans statements that a server has sent, with the values that were sent along. Reading all of a table is priced so high
 * that it is only done where no index serves: the tables of tests are small.
 */
export async function explainAll(sql: postgres.Sql, statements: readonly SentStatement[]): Promise<StatementPlan[]> {
  const names = await typeNames(sql);
  const plans: StatementPlan[] = [];
  for (const statement of statements.filter(isOfAStore)) {
    const rows = await sql.begin(async (tx) => {
      await tx`set local enable_seqscan = off`;
      return await tx.unsafe(`explain (costs off) ${inline(statement, names)}`).simple();
    });
    plans.push({ text: statement.text, plan: rows.map((row) => String(Object.values(row)[0])).join("\n") });
  }
  return plans;
}

async function typeNames(sql: postgres.Sql): Promise<ReadonlyMap<number, string>> {
  const rows = await sql<{ oid: number; name: string }[]>`select oid::int, format_type(oid, null) as name from pg_type where oid < 10000`;
  return new Map(rows.map(({ oid, name }) => [oid, name]));
}

function inline({ text, parameters, types }: SentStatement, names: ReadonlyMap<number, string>): string {
  return text.replaceAll(/\$(\d+)/g, (_found, number: string) => {
    const index = Number(number) - 1;
    const value = parameters[index];
    const name = names.get(types[index] ?? 0);
    const literal = value === null || value === undefined ? "null" : `'${value.replaceAll("'", "''")}'`;
    return name === undefined ? literal : `${literal}::${name}`;
  });
}
