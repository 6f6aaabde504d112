import { stitchingDirectives } from "@graphql-tools/stitching-directives";
import { buildSchema, Kind, type ObjectTypeDefinitionNode, parse, print } from "graphql";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readRequirements } from "../../../src/access/requirements/read-requirements.ts";
import { codesOf, dataOf } from "../../support/client.ts";
import { openSocket } from "../../support/clients/live-socket.ts";
import { readDocument } from "../../support/documents.ts";
import { startTestGateway, type TestGateway } from "../../support/gateway.ts";

const plain = readDocument("schema/auth.graphql");
let gateway: TestGateway;
let hidden: TestGateway;
let sdl: { stitching: string; federation: string };

beforeAll(async () => {
  gateway = await startTestGateway();
  hidden = await startTestGateway({ env: { INTROSPECTION: "false" } });
  const { _sdl, _service } = dataOf(await gateway.post({ query: "{ _sdl _service { sdl } }" })) as {
    _sdl: string;
    _service: { sdl: string };
  };
  sdl = { stitching: _sdl, federation: _service.sdl };
});
afterAll(async () => {
  await gateway.close();
  await hidden.close();
});

function typesOf(text: string): ReadonlyMap<string, ObjectTypeDefinitionNode> {
  const types = parse(text).definitions.filter((node): node is ObjectTypeDefinitionNode => node.kind === Kind.OBJECT_TYPE_DEFINITION);
  return new Map(types.map((type) => [type.name.value, type]));
}

function fieldsOf(type: ObjectTypeDefinitionNode | undefined): string[] {
  return (type?.fields ?? []).map(print);
}

test.each(["stitching", "federation"] as const)("the SDL for %s states the very requirements that are enforced", (form) => {
  const own = readRequirements(parse(plain));
  expect(own.fields.size).toBeGreaterThan(10);
  expect(readRequirements(parse(sdl[form]))).toEqual(own);
});

test.each(["stitching", "federation"] as const)("the SDL for %s has every field that clients have, with its directives", (form) => {
  for (const [name, type] of typesOf(plain)) {
    expect(fieldsOf(typesOf(sdl[form]).get(name))).toEqual(expect.arrayContaining(fieldsOf(type)));
  }
});

test.each(["stitching", "federation"] as const)(
  "the SDL for %s puts nothing on root types, whose directives would leak onto other graphs",
  (form) => {
    const { definitions } = parse(sdl[form]);
    expect(definitions.filter(({ kind }) => kind.endsWith("TypeExtension"))).toEqual([]);
    for (const root of ["Query", "Mutation", "Subscription"]) expect(typesOf(sdl[form]).get(root)?.directives).toEqual([]);
  },
);

test("the SDL for stitching is a valid schema that fetches users and sessions many at once", () => {
  expect(Object.keys(buildSchema(sdl.stitching).getQueryType()?.getFields() ?? {})).toEqual(
    expect.arrayContaining(["usersById", "sessionsById"]),
  );
  expect(sdl.stitching).not.toMatch(/_entities|_service|_Any/);
  const defined = new Set(parse(sdl.stitching).definitions.map((node) => print(node)));
  const { keyDirectiveTypeDefs, mergeDirectiveTypeDefs } = stitchingDirectives();
  for (const theirs of [keyDirectiveTypeDefs, mergeDirectiveTypeDefs]) {
    for (const node of parse(theirs).definitions) expect(defined).toContain(print(node));
  }
});

test("the SDL for a federation leaves out what makes a subgraph, by the specification", () => {
  expect(sdl.federation).not.toMatch(/_entities|_service|_Any|_sdl|usersById|sessionsById|@merge/);
  expect(typesOf(sdl.federation).get("User")?.directives?.map(print)).toEqual(['@key(fields: "id")']);
  expect(typesOf(sdl.federation).get("Session")?.directives?.map(print)).toEqual(['@key(fields: "id")']);
});

test("the executable schema has the fields of the subgraph specification", async () => {
  const query = `{ __schema { queryType { fields { name args { name type { ...T } } type { ...T } } }
    types { name kind possibleTypes { name } } } }
    fragment T on __Type { kind name ofType { kind name ofType { kind name ofType { kind name } } } }`;
  const { __schema } = dataOf(await gateway.post({ query })) as {
    __schema: { queryType: { fields: { name: string }[] }; types: { name: string }[] };
  };
  const entities = __schema.queryType.fields.find(({ name }) => name === "_entities");
  const nonNull = (ofType: unknown) => ({ kind: "NON_NULL", name: null, ofType });
  expect(entities).toMatchObject({
    args: [{ name: "representations", type: nonNull({ kind: "LIST", ofType: nonNull({ kind: "SCALAR", name: "_Any" }) }) }],
    type: nonNull({ kind: "LIST", ofType: { kind: "UNION", name: "_Entity" } }),
  });
  expect(__schema.types.find(({ name }) => name === "_Entity")).toMatchObject({ possibleTypes: [{ name: "User" }, { name: "Session" }] });
});

describe("with introspection off", () => {
  test.each([
    "{ _sdl }",
    "{ _service { sdl } }",
    "{ x: _service { __typename } }",
    "query { ...A } fragment A on Query { _sdl }",
    "{ ... on Query { ... { me { id } _sdl } } }",
    "query($no: Boolean = false) { _sdl @include(if: $no) }",
  ])("nobody is told the schema: %s", async (query) => {
    const admin = await hidden.registerAdmin();
    const reply = await hidden.post({ query }, { token: admin.accessToken });
    expect([reply.status, reply.data, codesOf(reply)]).toEqual([400, undefined, ["GRAPHQL_VALIDATION_FAILED"]]);
    expect(reply.text).not.toContain("type ");
  });

  test("nobody is told the schema over a WebSocket", async () => {
    const live = await openSocket(hidden.url);
    await live.init({ accessToken: (await hidden.register()).accessToken });
    live.send({ id: "1", type: "subscribe", payload: { query: "{ _sdl }" } });
    await live.ask("{ __typename }");
    expect(live.messages).toContainEqual(expect.objectContaining({ id: "1", type: "error" }));
    expect(JSON.stringify(live.messages)).not.toContain("type Query");
    live.socket.close();
  });

  test("entities are answered all the same: a gateway that has the SDL from a file needs nothing else", async () => {
    const { accessToken: token, user } = await hidden.register();
    const variables = { keys: [{ __typename: "User", id: user.id }] };
    const query = "query($keys: [_Any!]!) { _entities(representations: $keys) { ... on User { email } } }";
    expect(dataOf(await hidden.post({ query, variables }, { token }))._entities).toEqual([{ email: user.email }]);
  });
});
