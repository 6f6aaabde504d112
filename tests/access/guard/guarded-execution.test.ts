import {
  buildSchema,
  type DocumentNode,
  type ExecutionResult,
  execute,
  type FragmentDefinitionNode,
  GraphQLObjectType,
  type GraphQLSchema,
  type OperationDefinitionNode,
  parse,
  subscribe,
} from "graphql";
import { describe, expect, test, vi } from "vitest";
import type { Caller } from "../../../src/access/denials.ts";
import { guardSchema } from "../../../src/access/guard/guard-schema.ts";
import { readRequirements } from "../../../src/access/requirements/read-requirements.ts";
import { AuthError } from "../../../src/core/errors.ts";
import { admin, anonymous, createGraph, directiveDefinitions, outcome, signedIn } from "../guarded-graph.ts";

const fieldsOf = (schema: GraphQLSchema, typeName: string) => {
  const type = schema.getType(typeName);
  return type instanceof GraphQLObjectType ? type.getFields() : {};
};

describe("a denied field's resolver", () => {
  const effect = vi.fn(() => ({ id: "1" }));
  const graph = createGraph(
    `
    type Query { a: Account b: Int @authenticated item: Item }
    type Mutation { change: Account @hasRole(roles: ["admin"]) }
    type Account @authenticated { id: ID }
    interface Item { id: ID }
    type Open implements Item { id: ID }
    type Closed implements Item { id: ID @authenticated }
  `,
    {
      rootValue: { item: { __typename: "Open" } },
      resolvers: { "Query.a": effect, "Query.b": effect, "Mutation.change": effect, "Open.id": effect },
    },
  );
  test.each(["{ a { id } }", "{ a { __typename } }", "{ b }", "mutation { change { id } }", "{ item { id } }", "{ x: b y: b }"])(
    "does not run: %s",
    async (query) => {
      effect.mockClear();
      expect((await outcome(graph.run(query, anonymous))).denied).not.toEqual([]);
      expect(effect).not.toHaveBeenCalled();
    },
  );
  test("runs once the caller may, with all of its arguments", async () => {
    effect.mockClear();
    await graph.run("mutation { change { id } }", admin);
    expect(effect).toHaveBeenCalledExactlyOnceWith(
      expect.anything(),
      {},
      { caller: admin },
      expect.objectContaining({ fieldName: "change" }),
    );
  });
});

describe("a denial of a non-null field", () => {
  const sdl = `
    type Query { outer: Outer strict: Int! @authenticated list: [Outer] items: [Outer!] }
    type Outer { open: Int inner: Inner! hidden: Int! @authenticated }
    type Inner { hidden: Int! @authenticated }`;
  const inner = { hidden: 1 };
  const graph = createGraph(sdl, {
    rootValue: { outer: { open: 1, inner, hidden: 1 }, strict: 1, list: [{ hidden: 1 }, { hidden: 2 }], items: [{ hidden: 1 }] },
  });
  test.each([
    ["nulls its nearest nullable parent", "{ outer { open inner { hidden } } }", { outer: null }, [["outer", "inner", "hidden"]]],
    ["nulls data at the root", "{ outer { open } strict }", null, [["strict"]]],
    [
      "nulls each item of a list",
      "{ list { hidden } }",
      { list: [null, null] },
      [
        ["list", 0, "hidden"],
        ["list", 1, "hidden"],
      ],
    ],
    ["nulls a list of non-null items", "{ items { hidden } }", { items: null }, [["items", 0, "hidden"]]],
  ])("%s", async (_name, query, data, paths) => {
    const result = await outcome(graph.run(query, anonymous));
    expect([result.data, result.denied.map(({ path }) => path)]).toEqual([data, paths]);
  });
});

describe("one document", () => {
  const sdl = `
    type Query { secret: Int @authenticated item: Item }
    interface Item { id: ID }
    type A implements Item { id: ID }
    type B implements Item { id: ID @authenticated }`;
  const item = { __typename: "A", id: "1" };

  test("carries no viewer's verdict to the next", async () => {
    const graph = createGraph(sdl, { rootValue: { secret: 1, item } });
    const query = "{ secret item { id ... on A { other: id } } }";
    for (const by of [signedIn, anonymous, signedIn, anonymous]) {
      const isDenied = by === anonymous;
      const { data } = await outcome(graph.run(query, by));
      expect(data).toEqual({ secret: isDenied ? null : 1, item: { id: isDenied ? null : "1", other: "1" } });
    }
  });

  const run = (document: DocumentNode, by: Caller, schema = createGraph(sdl).schema) =>
    execute({ schema, document, rootValue: { item }, contextValue: { caller: by } }) as ExecutionResult;

  test("gets no verdict of another document with the same operation node", async () => {
    const { schema } = createGraph(sdl);
    const [operation, onA] = parse("{ item { ...F } } fragment F on A { id }").definitions as [
      OperationDefinitionNode,
      FragmentDefinitionNode,
    ];
    const [onItem] = parse("fragment F on Item { id }").definitions as [FragmentDefinitionNode];
    const document = (fragment: FragmentDefinitionNode): DocumentNode => ({ ...parse("{ a }"), definitions: [operation, fragment] });
    for (const [fragment, id] of [
      [onItem, null],
      [onA, "1"],
      [onItem, null],
    ] as const) {
      expect((await outcome(run(document(fragment), anonymous, schema))).data).toEqual({ item: { id } });
    }
  });
  test("is read for its fragments once, however many requests it serves", () => {
    const { schema } = createGraph(sdl);
    const document = parse("{ item { id } a: item { id } }");
    const readByVisitors = vi.fn(() => []);
    Object.defineProperty(document.definitions[0], "variableDefinitions", { value: [] });
    Object.defineProperty(document.definitions[0], "directives", { get: readByVisitors });
    for (let round = 0; round < 5; round++) run(document, anonymous, schema);
    expect(readByVisitors).toHaveBeenCalledTimes(1);
  });
  test("is not read where all implementors ask for the same", () => {
    const same = createGraph(`type Query { item: Item } interface Item { id: ID }
      type A implements Item { id: ID @authenticated } type B implements Item { id: ID @authenticated }`);
    const resolve = fieldsOf(same.schema, "A").id?.resolve;
    const unreadable = new Proxy({}, { get: () => expect.unreachable() });
    expect(() => resolve?.({}, {}, { caller: anonymous }, unreadable as never)).toThrow(AuthError);
  });
  test("that was never validated gets the strictest verdict where it makes no sense", async () => {
    const odd = createGraph(
      `type Query { item: Item } interface Item { id: ID }
       type A implements Item { id: ID onlyHere: A } type B implements Item { id: ID @authenticated }`,
    );
    const unvalidated = parse("{ item { onlyHere { id } } }");
    const rootValue = { item: { __typename: "A", onlyHere: { id: "1" } } };
    const answer = (by: Caller) =>
      outcome(execute({ schema: odd.schema, document: unvalidated, rootValue, contextValue: { caller: by } }) as ExecutionResult);
    expect((await answer(anonymous)).data).toEqual({ item: { onlyHere: { id: null } } });
    expect((await answer(signedIn)).data).toEqual({ item: { onlyHere: { id: "1" } } });
  });
  test.each([
    ["the typed fragment first", "{ first: item { ... on A { id } } second: item { id } }"],
    ["the typed fragment last", "{ first: item { id } second: item { ... on A { id } } }"],
  ])("that shares a field node between places gets the stricter verdict: %s", async (_name, query) => {
    const document = parse(query);
    const shared = parse("{ id }").definitions[0] as OperationDefinitionNode;
    const withShared = JSON.parse(JSON.stringify(document), (_key, node) =>
      node?.kind === "SelectionSet" && node.selections[0]?.name?.value === "id" ? shared.selectionSet : node,
    );
    expect((await outcome(run(withShared, anonymous))).data).toMatchObject({ first: { id: null } });
    expect((await outcome(run(withShared, signedIn))).data).toMatchObject({ first: { id: "1" }, second: { id: "1" } });
  });
});

describe("a guarded subscription", () => {
  const sdl = `
    type Query { a: Int }
    type Subscription { events: Event @authenticated open: Event silent: Int @authenticated }
    type Event { id: ID secret: Int @hasRole(roles: ["admin"]) }`;
  const opened = vi.fn();
  async function* events() {
    yield { events: { id: "1", secret: 1 }, open: { id: "1", secret: 1 } };
    yield { events: { id: "2", secret: 2 }, open: { id: "2", secret: 2 } };
  }
  const unguarded = buildSchema(directiveDefinitions + sdl);
  for (const name of ["events", "open"]) {
    Object.assign(fieldsOf(unguarded, "Subscription")[name] ?? {}, {
      subscribe: () => {
        opened();
        return events();
      },
    });
  }
  const schema = guardSchema(unguarded, readRequirements(parse(sdl)), (context) => (context as { caller: Caller }).caller);
  const open = (query: string, context: { caller: Caller }) => subscribe({ schema, document: parse(query), contextValue: context });

  test("is not opened for a caller who may not have it", async () => {
    opened.mockClear();
    const result = await open("subscription { e: events { id } }", { caller: anonymous });
    expect(Symbol.asyncIterator in result).toBe(false);
    expect((await outcome(result as ExecutionResult)).denied).toMatchObject([
      { path: ["e"], code: "UNAUTHENTICATED", coordinate: "Subscription.events" },
    ]);
    expect(opened).not.toHaveBeenCalled();
  });
  test("is not opened where nothing but graphql-js's default resolver would open it", async () => {
    const result = await open("subscription { silent }", { caller: anonymous });
    expect((await outcome(result as ExecutionResult)).denied).toMatchObject([{ path: ["silent"], code: "UNAUTHENTICATED" }]);
  });
  test("is opened by graphql-js's default resolver for a caller who may have it", async () => {
    const rootValue = { silent: () => events() };
    const document = parse("subscription { silent }");
    const stream = await subscribe({ schema, document, rootValue, contextValue: { caller: signedIn } });
    expect(Symbol.asyncIterator in stream).toBe(true);
  });
  test("judges every event, by who the caller is by then", async () => {
    const context = { caller: signedIn };
    const stream = (await open("subscription { events { id } }", context)) as AsyncGenerator<ExecutionResult>;
    expect((await outcome((await stream.next()).value)).data).toEqual({ events: { id: "1" } });
    context.caller = { reason: "revoked" };
    const { data, denied } = await outcome((await stream.next()).value);
    expect([data, denied]).toMatchObject([{ events: null }, [{ code: "UNAUTHENTICATED", reason: "revoked" }]]);
  });
  test("guards the fields of an open one's events", async () => {
    const stream = (await open("subscription { open { id secret } }", { caller: signedIn })) as AsyncGenerator<ExecutionResult>;
    const { data, denied } = await outcome((await stream.next()).value);
    expect([data, denied]).toMatchObject([{ open: { id: "1", secret: null } }, [{ path: ["open", "secret"], code: "FORBIDDEN" }]]);
    await stream.return(undefined);
  });
});
