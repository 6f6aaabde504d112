import { buildSchema, execute, parse } from "graphql";
import { describe, expect, test } from "vitest";
import { guardSchema } from "../../../src/access/guard/guard-schema.ts";
import { readRequirements } from "../../../src/access/requirements/read-requirements.ts";
import { anonymous, caller, createGraph, directiveDefinitions, outcome, signedIn } from "../guarded-graph.ts";

const post = { __typename: "Post", id: "p", title: "post", author: { __typename: "User", id: "u" } };
const page = { __typename: "Page", id: "g", title: "page", author: null };
const draft = { __typename: "Draft", id: "d", title: "draft", author: null };
const graph = createGraph(
  `
  type Query { item(kind: String): Item items: [Item] strict: [Item!] titled: Titled any: [Any] post: Post node: Node }
  interface Node { id: ID }
  interface Item implements Node { id: ID title: String author: Node }
  interface Titled { title: String }
  type Post implements Item & Node & Titled { id: ID title: String author: User }
  type Page implements Item & Node { id: ID title: String @authenticated author: Node }
  type Draft implements Item & Node @requiresScopes(scopes: [["drafts"]]) { id: ID title: String author: Node }
  type User implements Node { id: ID }
  union Any = Post | Page | Draft
`,
  { rootValue: { item: post, items: [post, page, draft], strict: [post, draft], titled: post, any: [post, draft], post, node: draft } },
);
const drafter = caller({ scopes: ["drafts"] });
const pathsOf = async (...args: Parameters<typeof graph.run>) =>
  (await outcome(graph.run(...args))).denied.map(({ path }) => path?.join("."));

describe("a plain field on an interface", () => {
  test("needs what every implementor asks for, whichever object answers", async () => {
    const { data, denied } = await outcome(graph.run("{ item { title } }", signedIn));
    expect(data).toEqual({ item: { title: null } });
    expect(denied).toMatchObject([{ path: ["item", "title"], code: "FORBIDDEN", coordinate: "Post.title", missing: ["drafts"] }]);
  });
  test("is there for a caller who meets all of them", async () => {
    expect((await outcome(graph.run("{ item { title } }", drafter))).data).toEqual({ item: { title: "post" } });
  });
  test("counts implementors of its sub-interfaces", async () => {
    expect(await pathsOf("{ item { ... on Node { id } } }", signedIn)).toEqual(["item.id"]);
  });
  test.each([
    ["type", "interface Sub implements Top @authenticated { id: ID }"],
    ["field", "interface Sub implements Top { id: ID @authenticated }"],
  ])("counts what its sub-interfaces ask for themselves, on the %s", async (_where, sub) => {
    const sdl = `type Query { top: Top any: Any } union Any = A interface Top { id: ID } ${sub} type A implements Top & Sub { id: ID }`;
    const tops = createGraph(sdl, { rootValue: { top: { __typename: "A", id: "1" }, any: { __typename: "A", id: "1" } } });
    const query = "{ top { id } any { ... on Sub { id } ... on A { a: id } } }";
    expect((await outcome(tops.run(query, anonymous))).data).toEqual({ top: { id: null }, any: { id: null, a: "1" } });
    expect((await outcome(tops.run(query, signedIn))).denied).toEqual([]);
  });
  test("is judged by its own interface, not by the others of the object", async () => {
    expect((await outcome(graph.run("{ titled { title } }", anonymous))).data).toEqual({ titled: { title: "post" } });
    expect((await outcome(graph.run("{ item { ... on Titled { title } } }", anonymous))).data).toEqual({ item: { title: "post" } });
  });
  test("is not lost in an inline fragment without a type", async () => {
    expect(await pathsOf("{ item { ... { ... @include(if: true) { title } } } }", signedIn)).toEqual(["item.title"]);
  });
  test("is not lost in a named fragment on the interface", async () => {
    expect(await pathsOf("{ item { ...F } } fragment F on Item { t: title }", signedIn)).toEqual(["item.t"]);
  });
  test("is plain again inside a fragment on the interface inside one on the object", async () => {
    expect(await pathsOf("{ item { ... on Post { ... on Item { title } } } }", signedIn)).toEqual(["item.title"]);
  });
  test("counts the interface's own requirements and the return types of all implementors", async () => {
    const sdl = `
      type Query { plain: Shape }
      interface Shape { size: ID label: String @hasRole(roles: ["labels"]) }
      type Circle implements Shape { size: ID label: String }
      type Square implements Shape { size: ID label: String kind: Kind }
      enum Kind @authenticated { A }`;
    const shapes = createGraph(sdl, { rootValue: { plain: { __typename: "Circle", size: 1, label: "x" } } });
    expect((await outcome(shapes.run("{ plain { size label } }", signedIn))).data).toEqual({ plain: { size: "1", label: null } });
    expect((await outcome(shapes.run("{ plain { ... on Circle { label } } }", anonymous))).data).toEqual({ plain: { label: "x" } });
  });
  test("counts a covariant return type's requirement", async () => {
    const sdl = `
      type Query { holder: Holder }
      interface Holder { held: Thing }
      interface Thing { id: ID }
      type Open implements Thing { id: ID }
      type Closed implements Thing @authenticated { id: ID }
      type OpenHolder implements Holder { held: Open }
      type ClosedHolder implements Holder { held: Closed }`;
    const holders = createGraph(sdl, { rootValue: { holder: { __typename: "OpenHolder", held: { __typename: "Open", id: 1 } } } });
    expect((await outcome(holders.run("{ holder { held { __typename } } }", anonymous))).data).toEqual({ holder: { held: null } });
    const typed = "{ holder { ... on OpenHolder { held { __typename } } } }";
    expect((await outcome(holders.run(typed, anonymous))).data).toEqual({ holder: { held: { __typename: "Open" } } });
  });
});

describe("inside a typed fragment", () => {
  test("that type alone decides", async () => {
    const query = "{ items { ... on Post { title } ... on Page { title } } }";
    const { data, denied } = await outcome(graph.run(query, anonymous));
    expect(data).toEqual({ items: [{ title: "post" }, { title: null }, null] });
    expect(denied.map(({ path }) => path)).toEqual([
      ["items", 1, "title"],
      ["items", 2],
    ]);
  });
  test("a field selected on the object's own type is judged by that type", async () => {
    expect((await outcome(graph.run("{ post { title } }", anonymous))).data).toEqual({ post: { title: "post" } });
  });
  test("of another type, nothing opens for this one", async () => {
    const pages = createGraph(
      `type Query { item: Item } interface Item { title: String }
       type Post implements Item { title: String } type Page implements Item { title: String @authenticated }`,
      { rootValue: { item: page } },
    );
    const query = "{ item { ... on Post { title } title } }";
    expect((await outcome(pages.run(query, anonymous))).data).toEqual({ item: { title: null } });
  });
});

describe("fields that merge under one response key", () => {
  test.each([
    ["plain first", "{ item { title ... on Post { title } } }"],
    ["typed first", "{ item { ... on Post { title } title } }"],
    ["from named fragments", "{ item { ...A ...B } } fragment A on Item { title } fragment B on Post { title }"],
  ])("are there if one of them is permitted: %s", async (_name, query) => {
    const { data, denied } = await outcome(graph.run(query, anonymous));
    expect([data, denied]).toEqual([{ item: { title: "post" } }, []]);
  });
  test("are denied, with one error, if none is", async () => {
    expect(await pathsOf("{ item { title ...A } } fragment A on Item { title }", anonymous)).toEqual(["item.title"]);
  });
  test("are denied if the permitted one is skipped", async () => {
    expect(await pathsOf("{ item { title ... on Post @skip(if: true) { title } } }", anonymous)).toEqual(["item.title"]);
    expect(await pathsOf("{ item { title ... on Post { title @include(if: false) } } }", anonymous)).toEqual(["item.title"]);
  });
  test("keep the fields below them guarded", async () => {
    const sdl = `
      type Query { item: Item }
      interface Item { child: Child }
      type Open implements Item { child: Child }
      type Closed implements Item { child: Child @authenticated }
      type Child { open: String hidden: String @authenticated }`;
    const children = createGraph(sdl, { rootValue: { item: { __typename: "Open", child: { open: "open", hidden: "hidden" } } } });
    const query = "{ item { child { hidden } ... on Open { child { open } } } }";
    expect((await outcome(children.run(query, anonymous))).data).toEqual({ item: { child: { open: "open", hidden: null } } });
  });
});

describe("an object of a guarded type behind an abstract one", () => {
  test.each([
    [
      "an interface, its __typename alone",
      "{ items { __typename } }",
      ["items", 2],
      { items: [{ __typename: "Post" }, { __typename: "Page" }, null] },
    ],
    ["a union, its __typename alone", "{ any { __typename } }", ["any", 1], { any: [{ __typename: "Post" }, null] }],
    ["a union, nothing of it", "{ any { ... on Post { id } } }", ["any", 1], { any: [{ id: "p" }, null] }],
    ["a list of non-null items", "{ strict { __typename } }", ["strict", 1], { strict: null }],
    ["a super-interface", "{ node { __typename } }", ["node"], { node: null }],
    ["an aliased __typename", "{ node { t: __typename } }", ["node"], { node: null }],
  ])("is null with an error: %s", async (_name, query, path, data) => {
    const result = await outcome(graph.run(query, signedIn));
    expect(result.data).toEqual(data);
    const facts = { coordinate: "Draft", directive: "requiresScopes", required: [["drafts"]], missing: ["drafts"] };
    expect(result.denied).toEqual([{ path, code: "FORBIDDEN", ...facts }]);
  });
  test("is there for a caller who meets its requirement", async () => {
    expect((await outcome(graph.run("{ node { __typename } }", drafter))).data).toEqual({ node: { __typename: "Draft" } });
  });

  const sdl = "type Query { any: Any } union Any = A | B type A @authenticated { id: ID } type B { id: ID }";
  test.each([
    ["a resolveType", () => "A"],
    ["a resolveType that returns a promise", () => Promise.resolve("A")],
  ])("is found by %s", async (_name, resolveType) => {
    const resolved = createGraph(sdl, { rootValue: { any: { id: 1 } }, resolvers: { "Any.__resolveType": resolveType } });
    expect((await outcome(resolved.run("{ any { __typename } }", anonymous))).denied).toMatchObject([{ path: ["any"], coordinate: "A" }]);
    expect((await outcome(resolved.run("{ any { __typename } }", signedIn))).data).toEqual({ any: { __typename: "A" } });
  });
  test.each([
    ["isTypeOf", true],
    ["an isTypeOf that returns a promise", Promise.resolve(true)],
  ])("is found by %s", async (_name, answer) => {
    const unguarded = buildSchema(directiveDefinitions + sdl);
    Object.assign(unguarded.getType("A") ?? {}, { isTypeOf: () => answer });
    const schema = guardSchema(unguarded, readRequirements(parse(sdl)), () => anonymous);
    const result = execute({ schema, document: parse("{ any { __typename } }"), rootValue: { any: { id: 1 } } });
    expect((await outcome(result)).denied).toMatchObject([{ path: ["any"], code: "UNAUTHENTICATED", coordinate: "A" }]);
  });
  test("still fails as graphql-js says where its type is unknown", async () => {
    const unknown = createGraph(sdl, { rootValue: { any: { id: 1 } } });
    const [error] = (await outcome(unknown.run("{ any { __typename } }", signedIn))).denied;
    expect(error).toMatchObject({ message: expect.stringContaining('Abstract type "Any" must resolve to an Object type') });
  });
});

describe("federation's _entities is no way around", () => {
  const sdl = `
    type Query { _entities(representations: [_Any!]!): [_Entity]! }
    scalar _Any
    union _Entity = Account | Product
    type Account @authenticated { id: ID }
    type Product { id: ID cost: Int @requiresScopes(scopes: [["costs"]]) }`;
  const entities = createGraph(sdl, {
    rootValue: { _entities: ({ representations }: { representations: object[] }) => representations.map((each) => ({ cost: 1, ...each })) },
  });
  test("to guarded types and fields", async () => {
    const query = "query ($r: [_Any!]!) { _entities(representations: $r) { __typename ... on Account { id } ... on Product { id cost } } }";
    const r = [
      { __typename: "Account", id: 1 },
      { __typename: "Product", id: 2 },
    ];
    const { data, denied } = await outcome(entities.run(query, anonymous, { r }));
    expect(data).toEqual({ _entities: [null, { __typename: "Product", id: "2", cost: null }] });
    expect(denied.map(({ path }) => path?.join("."))).toEqual(["_entities.0", "_entities.1.cost"]);
  });
});
