import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { connectionOf } from "../../src/database/database.ts";
import { type OpenDatabase, openDatabase } from "../../src/database/open-database.ts";
import { SCHEMA } from "../support/raw-client.ts";

const awkward = ["", " ", "NULL", "null", '"', "\\", '\\"', "{}", "{a,b}", ",", "a,b", "'", "line\nbreak", "tab\t", "ünï 💥", "$1", "%"];

describe.each([
  ["prepared", true],
  ["unprepared", false],
])("a value goes to PostgreSQL and comes back as it was, %s:", (_how, preparesStatements) => {
  let opened: OpenDatabase;
  let sql: OpenDatabase["database"]["$sql"];
  beforeAll(() => {
    opened = openDatabase({ url: inject("serverUrl"), schema: SCHEMA, poolSize: 2, preparesStatements });
    sql = opened.database.$sql;
  });
  afterAll(() => opened.close());

  test.each<[string, (string | null)[]]>([
    ["none", []],
    ["one that is empty", [""]],
    ["NULL", [null]],
    ["NULL beside the word", [null, "NULL", null]],
    ...awkward.map((text): [string, string[]] => [JSON.stringify(text), [text]]),
    ["all of them", [...awkward, null]],
  ])("an array of texts: %s", async (_what, texts) => {
    const [row] = await sql`
      select ${texts}::text[] as texts, ${texts}::varchar[] as words, cardinality(${texts}::text[]) as length,
        array(select coalesce(each, '(null)') from unnest(${texts}::text[]) with ordinality as each (each, place) order by place) as seen`;
    expect(row).toEqual({ texts, words: texts, length: texts.length, seen: texts.map((text) => text ?? "(null)") });
  });

  test("arrays of numbers, truths and ids", async () => {
    const ids = ["01a22ada-0000-7000-8000-000000000000", null];
    const [row] = await sql`
      select ${[1, -2, null]}::int[] as integers, ${[1, 2]}::smallint[] as small, ${["9007199254740993", null]}::bigint[] as big,
        array[true, false, null] as truths, ${ids}::uuid[] as ids, null::text[] as nothing`;
    expect(row).toEqual({
      integers: [1, -2, null],
      small: [1, 2],
      big: ["9007199254740993", null],
      truths: [true, false, null],
      ids,
      nothing: null,
    });
  });

  test.each(["hex", "escape"])("bytes, all of them, where PostgreSQL writes them in the format %s", async (format) => {
    const bytes = Buffer.from(Array.from({ length: 256 }, (_none, value) => value));
    const read = await opened.database.transaction(async (tx) => {
      const { $sql: client } = connectionOf(tx);
      await client.unsafe(`set local bytea_output = ${format}`);
      return client`select ${bytes}::bytea as bytes, ${Buffer.alloc(0)}::bytea as none`;
    });
    expect(read[0]).toEqual({ bytes, none: Buffer.alloc(0) });
  });
});
