import { print } from "graphql";
import { describe, expect, test } from "vitest";
import { completeResult } from "../../../src/access/forwarded/complete-result.ts";
import { cutNothing, cutOperation } from "../../../src/access/forwarded/cut-operation.ts";
import { AuthError } from "../../../src/core/errors.ts";
import { admin, anonymous, caller, signedIn } from "../guarded-graph.ts";
import { createOutsideGraph, operationOf, shown, unfit } from "./guarded-answers.ts";

const graph = createOutsideGraph(`
  type Query implements Root { open: Int closed(x: Int): Int @authenticated me: Me item: Item items: [Item] any: [Any] node: Node }
  type Mutation { open: Int close(input: Int): Int @authenticated }
  interface Root { open: Int }
  type Me { id: ID secret: Secret level: Level }
  scalar Secret @authenticated
  enum Level @hasRole(roles: ["admin"]) { LOW }
  interface Node { id: ID }
  interface Item implements Node { id: ID title: String child: Child }
  type Post implements Item & Node { id: ID title: String child: Child }
  type Page implements Item & Node { id: ID title: String @authenticated child: Child @authenticated }
  type Draft implements Node @requiresScopes(scopes: [["drafts"]]) { id: ID }
  type Child { open: String hidden: String @authenticated }
  union Any = Post | Draft
`);

describe("what is sent on", () => {
  test.each([
    ["is the document itself where nothing is denied", "{ open me { id } }", "{ open me { id } }"],
    ["is nothing where everything is denied", "{ closed }", undefined],
    ["is nothing where only __typename is left", "{ closed __typename }", undefined],
    ["lacks a denied field", "{ open closed }", "{ open }"],
    ["lacks it under an alias", "{ open x: closed }", "{ open }"],
    ["lacks it in fragments", "{ open ... { closed } ... on Query { closed } ...F } fragment F on Query { closed }", "{ open }"],
    ["keeps what is left of a fragment", "{ ...F } fragment F on Query { open closed }", "{ ...F } fragment F on Query { open }"],
    ["lacks fields of a guarded scalar", "{ me { id secret } }", "{ me { id } }"],
    ["lacks fields of a guarded enum", "{ me { id level } }", "{ me { id } }"],
    ["asks whether an object is there of which nothing is left", "{ me { secret } }", "{ me { __typename } }"],
    ["lacks a plain field on an interface that one implementor guards", "{ item { title id } }", "{ item { __typename id } }"],
    ["keeps it where the type decides", "{ item { ... on Post { title } } }", "{ item { __typename ... on Post { title } } }"],
    [
      "lacks the fields of guarded types",
      "{ any { ... on Draft { id } ... on Post { id } } }",
      "{ any { __typename ... on Post { id } } }",
    ],
    ["lacks fields of interfaces that a guarded type implements", "{ node { id } }", "{ node { __typename } }"],
    [
      "lacks variables that nothing uses any more",
      "query ($x: Int, $v: Boolean!) { open @include(if: $v) closed(x: $x) }",
      "query ($v: Boolean!) { open @include(if: $v) }",
    ],
    ["lacks other operations and their fragments", "query A { open } query B { ...F } fragment F on Query { open }", "query A { open }"],
    ["lacks a denied mutation", "mutation { open close(input: 1) }", "mutation { open }"],
    ["keeps introspection", '{ closed __type(name: "Me") { name } }', '{ __type(name: "Me") { name } }'],
    [
      "keeps what is denied beside a permitted selection of one key, for the objects of that one",
      "{ item { child { hidden a: open } ... on Post { child { open } } } }",
      "{ item { __typename ... on Post { ... on Item { child { a: open } } } ... on Post { child { open } } } }",
    ],
    [
      "and on that one's conditions",
      "query ($v: Boolean!) { item { child { open } ... on Post @skip(if: $v) { child { open } } } }",
      "query ($v: Boolean!) { item { __typename ... on Post { ... @skip(if: $v) { ... on Item { child { open } } } } " +
        "... on Post @skip(if: $v) { child { open } } } }",
    ],
    [
      "but not beside one that is never included",
      "{ item { child { open } ... on Post @skip(if: true) { child { open } } } }",
      "{ item { __typename ... on Post @skip(if: true) { child { open } } } }",
    ],
  ])("%s", (_name, query, sent) => {
    expect(graph.sent(query, anonymous)).toBe(sent);
  });
  test("is the same document object, for whoever caches by it", () => {
    const request = operationOf("{ open }");
    expect(cutOperation(graph.access, { ...request, caller: anonymous }).document).toBe(request.document);
  });
  test("names the variables that may go with it", () => {
    expect([
      ...graph.cut("query ($x: Int, $y: Int) { closed(x: $x) ... on Query { open @skip(if: false) } a: closed(x: $y) }", anonymous)
        .variableNames,
    ]).toEqual([]);
    expect([...graph.cut("query ($x: Int) { closed(x: $x) }", signedIn).variableNames]).toEqual(["x"]);
  });
});

describe("a cut", () => {
  test("says why, by node, and nothing of what is below a denied selection", () => {
    const { denials } = graph.cut("{ item { child { hidden } } x: closed me { level } }", signedIn);
    expect([...denials.values()].map(({ code, facts }) => ({ code, ...facts }))).toEqual([
      { code: "FORBIDDEN", coordinate: "Me.level", directive: "hasRole", required: [["admin"]], missing: ["admin"] },
    ]);
    const anonymously = graph.cut("{ item { child { hidden } } x: closed me { level } }", anonymous);
    expect([...anonymously.denials].map(([node, { facts }]) => [node.name.value, "coordinate" in facts && facts.coordinate])).toEqual([
      ["child", "Item.child"],
      ["closed", "Query.closed"],
      ["level", "Me.level"],
    ]);
  });
  test("is computed once for callers whom the schema cannot tell apart, and apart for others", () => {
    const request = operationOf("{ closed me { level } }");
    const cut = (by = anonymous) => cutOperation(graph.access, { ...request, caller: by });
    expect(cut(signedIn)).toBe(cut(caller({ roles: ["unheard of"], scopes: ["other"] })));
    expect(cut(anonymous)).toBe(cut({ reason: "missing" }));
    const all = [
      cut(signedIn),
      cut(admin),
      cut(anonymous),
      cut({ reason: "expired" }),
      cut(caller({ scopes: ["drafts"] })),
      cut(caller({ roles: ["drafts"], scopes: ["admin"] })),
    ];
    expect(new Set(all).size).toBe(5);
    expect(all[5]).toBe(all[0]);
  });
  test("is forgotten where there are too many sets of permissions, and made again", () => {
    const roles = Array.from({ length: 8 }, (_, index) => `r${index}`);
    const many = createOutsideGraph(`type Query { a: Int ${roles.map((role) => `${role}: Int @hasRole(roles: ["${role}"])`).join(" ")} }`);
    const request = operationOf(`{ a ${roles.join(" ")} }`);
    const cutFor = (bits: number) =>
      cutOperation(many.access, { ...request, caller: caller({ roles: roles.filter((_, index) => bits & (1 << index)) }) });
    const first = cutFor(0);
    for (let bits = 0; bits < 256; bits++)
      expect(cutFor(bits).denials.size).toBe(8 - roles.filter((_, index) => bits & (1 << index)).length);
    expect(cutFor(255)).toBe(cutFor(255));
    expect(cutFor(0)).not.toBe(first);
  });
  test("of another document with the same operation node is another", () => {
    const [open, closed] = [operationOf("{ ...F } fragment F on Query { open }"), operationOf("{ ...F } fragment F on Query { closed }")];
    cutOperation(graph.access, { ...open, caller: anonymous });
    const mixed = {
      document: { ...closed.document, definitions: [open.operation, ...closed.document.definitions.slice(1)] },
      operation: open.operation,
    };
    expect(cutOperation(graph.access, { ...mixed, caller: anonymous }).document).toBeUndefined();
  });
  test("of nothing keeps the whole operation", () => {
    const { document, denials } = cutNothing(graph.access, operationOf("{ closed any { ... on Draft { id } } }"));
    expect([document && print(document).replace(/\s+/g, " "), denials.size]).toEqual([
      "{ closed any { __typename ... on Draft { id } } }",
      0,
    ]);
  });
});

describe("an alias that begins with __", () => {
  test.each(["{ any { __typename: __typename } }", "{ item { __typename: title } }", "{ ...F } fragment F on Query { __proto__: open }"])(
    "is refused: %s",
    (query) => {
      expect(() => cutOperation(graph.access, { ...operationOf(query), caller: signedIn })).toThrow(
        expect.objectContaining({ code: "BAD_USER_INPUT", facts: { fields: { request: [expect.stringContaining("alias")] } } }),
      );
      expect(() => cutOperation(graph.access, { ...operationOf(query), caller: signedIn })).toThrow(AuthError);
    },
  );
});

test("a fragment that spreads itself, and fields that do not exist, end in nothing rather than in a loop", () => {
  for (const query of ["{ ...F } fragment F on Query { ...F }", "{ nothing { of this } }", "{ ... on Nothing { a } ...G }"]) {
    const cut = cutOperation(graph.access, { ...operationOf(query), caller: anonymous });
    expect(cut.document).toBeUndefined();
    expect(shown(completeResult(cut, { unfit }, {}))).toEqual({ data: {}, errors: [] });
  }
});

test("a document that shares response keys without end is refused", () => {
  const next = (n: number) => (n < 11 ? `...F${n + 1} ... @skip(if: $v${n}) { ...F${n + 1} }` : "");
  const bomb = Array.from({ length: 12 }, (_, n) => `fragment F${n} on Item { child { open } ... on Post { child { open } } ${next(n)} }`);
  const variables = Array.from({ length: 12 }, (_, n) => `$v${n}: Boolean!`).join(" ");
  expect(() =>
    cutOperation(graph.access, { ...operationOf(`query (${variables}) { item { ...F0 } } ${bomb.join(" ")}`), caller: anonymous }),
  ).toThrow(AuthError);
});
