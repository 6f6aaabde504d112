import { describe, expect, test } from "vitest";
import { completeResult } from "../../../src/access/forwarded/complete-result.ts";
import { admin, anonymous, caller, signedIn } from "../guarded-graph.ts";
import { answer, graph } from "./completed-graph.ts";
import { createOutsideGraph, shown, unfit } from "./guarded-answers.ts";

describe("the answer", () => {
  test.each<[string, string, object | null, object | null, string[]]>([
    ["has null and an error for a denied selection", "{ open closed }", { open: 1 }, { open: 1, closed: null }, ["closed UNAUTHENTICATED"]],
    ["has one for each alias", "{ a: closed b: closed }", {}, { a: null, b: null }, ["a UNAUTHENTICATED", "b UNAUTHENTICATED"]],
    ["is null where a denied root field may not be", "{ open strict }", { open: 1 }, null, ["strict UNAUTHENTICATED"]],
    [
      "lets null bubble to what may be null",
      "{ me { id hard } open }",
      { me: { id: "1" }, open: 1 },
      { me: null, open: 1 },
      ["me.hard UNAUTHENTICATED"],
    ],
    [
      "has one error for a selection of all items, at the first of them",
      "{ items { ... on Post { title } } }",
      { items: [{ __typename: "Page" }, { __typename: "Post" }, { __typename: "Post" }] },
      { items: [{}, { title: null }, { title: null }] },
      ["items.1.title UNAUTHENTICATED"],
    ],
    ["invents no object where there is none", "{ me { secret } }", { me: null }, { me: null }, []],
    [
      "has no error for selections where there is no object",
      "{ me { secret } closed }",
      { me: null },
      { me: null, closed: null },
      ["closed UNAUTHENTICATED"],
    ],
    [
      "has null for objects of a guarded type, with one error",
      "{ any { __typename } }",
      { any: [{ __typename: "Draft" }, { __typename: "Note" }, { __typename: "Draft" }] },
      { any: [null, { __typename: "Note" }, null] },
      ["any.0 UNAUTHENTICATED"],
    ],
    [
      "has null for them where nothing of them was asked for",
      "{ any { ... on Note { id } } }",
      { any: [{ __typename: "Draft", id: "1" }] },
      { any: [null] },
      ["any.0 UNAUTHENTICATED"],
    ],
    ["lacks what nobody asked for", "{ open }", { open: 1, closed: 2, __typename: "Query", extra: {} }, { open: 1 }, []],
    [
      "lacks the type that only we asked for",
      "{ items { id } }",
      { items: [{ __typename: "Post", id: "1", title: "secret" }] },
      { items: [{ id: "1" }] },
      [],
    ],
    [
      "has keys in the order of the document",
      "{ b: open closed a: open }",
      { a: 1, b: 2 },
      { b: 2, closed: null, a: 1 },
      ["closed UNAUTHENTICATED"],
    ],
    [
      "has __typename from the schema, whatever is answered",
      "{ __typename me { t: __typename } }",
      { __typename: "X", me: { t: "Draft" } },
      { __typename: "Query", me: { t: "Me" } },
      [],
    ],
  ])("%s", (_name, query, data, completed, errors) => {
    const result = answer(query, anonymous, { data: data as never });
    expect(result).toEqual({ data: completed, errors });
    expect(JSON.stringify(result.data)).toBe(JSON.stringify(completed));
  });
  test("keeps extensions", () => {
    expect(graph.answer("{ open }", anonymous, { result: { data: { open: 1 }, extensions: { cost: 1 } } })).toEqual({
      data: { open: 1 },
      extensions: { cost: 1 },
    });
  });
  test("follows the conditions of each request", () => {
    const query = "query ($v: Boolean = true) { open closed @include(if: $v) }";
    for (const [v, expected] of [
      [undefined, { open: 1, closed: null }],
      [false, { open: 1 }],
      [true, { open: 1, closed: null }],
    ] as const) {
      expect(shown(graph.answer(query, anonymous, { result: { data: { open: 1 } } }, v === undefined ? {} : { v })).data).toEqual(expected);
    }
  });
  test.each([
    ["of another kind", "x"],
    ["that is null", null],
  ])("has nothing of a request with a condition %s", (_name, v) => {
    const result = graph.answer(
      "query ($v: Boolean = true) { open closed @include(if: $v) }",
      signedIn,
      { result: { data: { open: 1, closed: 2 } } },
      { v },
    );
    expect([result.data, result.errors?.length]).toEqual([undefined, 1]);
  });
});

describe("a value that does not fit", () => {
  test.each<[string, string, object]>([
    ["a string for an Int", "{ open }", { open: "1" }],
    ["a fraction for an Int", "{ open }", { open: 1.5 }],
    ["an object for an Int", "{ open }", { open: { secret: 1 } }],
    ["a list for an Int", "{ open }", { open: [1] }],
    ["nothing for an Int", "{ open }", {}],
    ["an object for a String", "{ name }", { name: { secret: 1 } }],
    ["a number for a Boolean", "{ ok }", { ok: 0 }],
    ["a string for a Float", "{ ratio }", { ratio: "1" }],
    ["a value that the enum does not have", "{ level }", { level: "INTERNAL" }],
    ["nothing for a scalar of somebody's own", "{ json }", {}],
    ["a prototype's function for a scalar of somebody's own", "{ constructor: json }", {}],
    ["a list for an object", "{ me { id } }", { me: [] }],
    ["a string for an object", "{ me { id } }", { me: "secret" }],
    ["an object for a list", "{ items { id } }", { items: {} }],
    ["an object that does not say its type", "{ nodes { id } }", { nodes: [{ id: "1" }] }],
  ])("is null with an error: %s", (_name, query, data) => {
    const { data: completed, errors } = answer(query, caller({ scopes: ["drafts"] }), { data: data as never });
    expect(JSON.stringify(completed)).toMatch(/^\{"\w+":(null|\[null\])\}$/);
    expect(errors).toHaveLength(1);
    expect(errors[0]).toContain("unfit");
  });
  test.each(["Me", "Post", "Query", "__Type", "constructor", ""])("is an object of a type that cannot stand there: %s", (type) => {
    expect(
      answer("{ nodes { ... on Note { id } } }", caller({ scopes: ["drafts"] }), { data: { nodes: [{ __typename: type, id: "1" }] } }).data,
    ).toEqual({ nodes: [null] });
  });
  test("is told once a selection, however many items it stands in", () => {
    expect(answer("{ items { id } }", anonymous, { data: { items: [1, 2, 3].map(() => ({ __typename: "Post", id: {} })) } })).toEqual({
      data: { items: [{ id: null }, { id: null }, { id: null }] },
      errors: ["items.0.id unfit"],
    });
  });
  test("is null where null may not be, and bubbles", () => {
    expect(answer("{ list }", anonymous, { data: { list: [[1, null]] } })).toEqual({
      data: { list: null },
      errors: ["list.0.1 unfit"],
    });
    expect(answer("{ must { name } }", anonymous, { data: { must: null } })).toEqual({ data: null, errors: ["must unfit"] });
    expect(answer("{ open }", anonymous, { data: null })).toEqual({ data: null, errors: ["undefined unfit"] });
  });
  test.each([
    ["JSON", { deep: [1] }],
    ["zero", 0],
    ["false", false],
    ["an empty text", ""],
  ])("is not %s of a scalar of somebody's own", (_name, json) => {
    expect(answer("{ json }", anonymous, { data: { json } })).toEqual({ data: { json }, errors: [] });
  });
});

test("the answer to one caller is not that to the next", () => {
  const query = "{ closed me { hard } }";
  const result = { data: { closed: 1, me: { hard: 2 } } };
  for (const [by, data] of [
    [admin, result.data],
    [signedIn, { closed: 1, me: null }],
    [anonymous, { closed: null, me: null }],
    [admin, result.data],
  ] as const) {
    expect(answer(query, by, { ...result }).data).toEqual(data);
  }
});

test("a guarded root type's __typename is denied, and nothing is fetched", () => {
  const guarded = createOutsideGraph("type Query implements Root @authenticated { a: Int } interface Root { a: Int }");
  for (const query of [
    "{ t: __typename }",
    "{ ... on Root { t: __typename } }",
    "{ ...F } fragment F on Query { t: __typename }",
    "{ t: __typename a }",
  ]) {
    const cut = guarded.cut(query, anonymous);
    expect(shown(completeResult(cut, { unfit }, { data: { t: "Query" } })).data).toBeNull();
    expect([...cut.denials.values()][0]).toMatchObject({ code: "UNAUTHENTICATED", facts: { coordinate: "Query.__typename" } });
    expect(shown(guarded.answer(query, signedIn, { rootValue: { a: 1 } }))).toMatchObject({ data: { t: "Query" }, errors: [] });
  }
});
