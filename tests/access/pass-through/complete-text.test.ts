import fc from "fast-check";
import { buildSchema, executeSync, Kind, parse, validate } from "graphql";
import { expect, test } from "vitest";
import { completeResult } from "../../../src/access/forwarded/complete-result.ts";
import type { Cut } from "../../../src/access/forwarded/cut.ts";
import { cutOperation } from "../../../src/access/forwarded/cut-operation.ts";
import { createGuardedSchema } from "../../../src/access/forwarded/guarded-schema.ts";
import { isCompleteText } from "../../../src/access/pass-through/complete-text.ts";
import { readRequirements } from "../../../src/access/requirements/read-requirements.ts";
import { rounds } from "../../support/rounds.ts";
import { caller } from "../guarded-graph.ts";
import { createDraw, createObservedGraph, type Draw, drawSdl } from "../random-graphs.ts";
import { drawOperation } from "../random-operations.ts";

const everything = caller({ roles: ["r0", "r1"], scopes: ["s0", "s1", "s2"] });
const nothing = caller({ roles: [], scopes: [] });

function cutFor(sdl: string, query: string): Cut {
  const document = parse(query);
  const operation = document.definitions.find((node) => node.kind === Kind.OPERATION_DEFINITION);
  if (operation === undefined) throw new Error("no operation");
  return cutOperation(createGuardedSchema(buildSchema(sdl), readRequirements(parse(sdl))), { document, operation, caller: nothing });
}

const sdl = `
  directive @hasRole(roles: [String!]!) on OBJECT | FIELD_DEFINITION | INTERFACE | SCALAR | ENUM
  scalar Json
  enum Kind { A B }
  interface Node { id: ID! }
  type Item implements Node { id: ID! count: Int size: Float! isOn: Boolean kind: Kind json: Json tags: [String!]
  secret: String @hasRole(roles: ["admin"]) parts: [Item!]! }
  type Query { item: Item node: Node }
`;

test.each([
  ["{ item { id count } }", '{"data":{"item":{"id":"a","count":-12}}}'],
  ["{ item { id count } }", '{"data":{"item":{"id":"a","count":null}}}\n'],
  ["{ item { id count } }", '{"data":{"item":null}}'],
  ["{ item { size isOn kind } }", '{"data":{"item":{"size":1.25,"isOn":false,"kind":"B"}}}'],
  ["{ item { tags } }", '{"data":{"item":{"tags":["x","ü, ]}"]}}}'],
  ["{ item { parts { id } } }", '{"data":{"item":{"parts":[]}}}'],
  ["{ item { parts { id parts { id } } } }", '{"data":{"item":{"parts":[{"id":"1","parts":[]},{"id":"2","parts":[{"id":"3"}]}]}}}'],
  ["{ item { id @skip(if: true) } }", '{"data":{"item":{}}}'],
  ["{ it: item { __typename n: id } }", '{"data":{"it":{"__typename":"Item","n":"1"}}}'],
])("%s is answered by just that: %s", (query, text) => {
  expect(isCompleteText(cutFor(sdl, query), {}, text)).toBe(true);
});

test.each([
  ["more than was asked for", "{ item { id } }", '{"data":{"item":{"id":"a","secret":"s"}}}'],
  ["more, before it", "{ item { id } }", '{"data":{"item":{"secret":"s","id":"a"}}}'],
  ["more, beside the data", "{ item { id } }", '{"data":{"item":{"id":"a"}},"extensions":{}}'],
  ["errors", "{ item { id } }", '{"data":{"item":null},"errors":[{"message":"no"}]}'],
  ["errors first", "{ item { id } }", '{"errors":[],"data":{"item":null}}'],
  ["data twice", "{ item { id } }", '{"data":{"item":null},"data":{"item":null}}'],
  ["less than was asked for", "{ item { id count } }", '{"data":{"item":{"id":"a"}}}'],
  ["a key twice", "{ item { id } }", '{"data":{"item":{"id":"a","id":"b"}}}'],
  ["another order", "{ item { id count } }", '{"data":{"item":{"count":1,"id":"a"}}}'],
  ["what was denied", "{ item { id secret } }", '{"data":{"item":{"id":"a","secret":"s"}}}'],
  ["without what was denied", "{ item { id secret } }", '{"data":{"item":{"id":"a"}}}'],
  ["null where none may be", "{ item { size } }", '{"data":{"item":{"size":null}}}'],
  ["null in a list of others", "{ item { tags } }", '{"data":{"item":{"tags":[null]}}}'],
  ["no list", "{ item { tags } }", '{"data":{"item":{"tags":"x"}}}'],
  ["no object", "{ item { id } }", '{"data":{"item":"x"}}'],
  ["a list of objects", "{ item { id } }", '{"data":{"item":[{"id":"a"}]}}'],
  ["another type's name", "{ item { __typename } }", '{"data":{"item":{"__typename":"Admin"}}}'],
  ["an object whose type is to be looked at", "{ node { id } }", '{"data":{"node":{"__typename":"Item","id":"a"}}}'],
  ["a value of another enum", "{ item { kind } }", '{"data":{"item":{"kind":"C"}}}'],
  ["a scalar of its own", "{ item { json } }", '{"data":{"item":{"json":1}}}'],
  ["a fraction for a whole number", "{ item { count } }", '{"data":{"item":{"count":1.5}}}'],
  ["a number with a leading zero", "{ item { count } }", '{"data":{"item":{"count":01}}}'],
  ["an exponent", "{ item { size } }", '{"data":{"item":{"size":1e999}}}'],
  ["no digits", "{ item { size } }", '{"data":{"item":{"size":-}}}'],
  ["no digits behind the point", "{ item { size } }", '{"data":{"item":{"size":1.}}}'],
  ["more digits than numbers have", "{ item { count } }", '{"data":{"item":{"count":12345678901234567890}}}'],
  ["a string that ends elsewhere", "{ item { id count } }", '{"data":{"item":{"id":"a\\",\\"count\\":1}}}'],
  ["an escaped character", "{ item { id } }", '{"data":{"item":{"id":"\\u0041"}}}'],
  ["a control character", "{ item { id } }", '{"data":{"item":{"id":"\u0001"}}}'],
  ["white space", "{ item { id } }", '{"data": {"item":{"id":"a"}}}'],
  ["a text that goes on", "{ item { id } }", '{"data":{"item":{"id":"a"}}}}'],
  ["a text that stops", "{ item { id } }", '{"data":{"item":{"id":"a"}}'],
  ["an object that does not begin", "{ item { id @skip(if: true) } }", '{"data":{"item":}}}'],
  ["nothing", "{ item { id } }", ""],
])("%s is to be read", (_name, query, text) => {
  expect(isCompleteText(cutFor(sdl, query), {}, text)).toBe(false);
});

/** One change somewhere, of the kind that keeps a text close to JSON. */
function damage(draw: Draw, text: string): string {
  const at = draw(text.length);
  const end = at + draw(4);
  const pieces = [
    '"',
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "null",
    "0",
    "1",
    "-",
    ".",
    "e",
    "\\",
    " ",
    "",
    '"x":1,',
    text.slice(draw(text.length), end),
  ];
  return text.slice(0, at) + (pieces[draw(pieces.length)] ?? "") + text.slice(end);
}

test("what is taken as it is is what reading and completing it would make, whatever is done to the text", () => {
  let taken = 0;
  let damagedTaken = 0;
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const draw = createDraw(seed);
      const drawn = drawSdl(draw);
      const graph = createObservedGraph(drawn);
      const access = createGuardedSchema(graph.schema, readRequirements(parse(drawn)));
      const { text: query, variableValues } = drawOperation(draw, graph.schema);
      const document = parse(query);
      const operation = document.definitions.find((node) => node.kind === Kind.OPERATION_DEFINITION);
      if (operation === undefined || validate(graph.schema, document).length > 0) return;
      for (const by of [everything, nothing]) {
        const cut = cutOperation(access, { document, operation, caller: by });
        if (cut.document === undefined) continue;
        const honest = JSON.stringify(executeSync({ schema: graph.schema, document: cut.document, variableValues }));
        for (let round = 0; round < 40; round++) {
          const text = round === 0 ? honest : damage(draw, honest);
          if (!isCompleteText(cut, { variableValues }, text)) continue;
          taken += 1;
          if (text !== honest) damagedTaken += 1;
          const unfit = () => expect.unreachable(`${text} does not fit`);
          const read = completeResult(cut, { variableValues, unfit }, JSON.parse(text));
          expect(JSON.parse(JSON.stringify(read))).toEqual(JSON.parse(text));
          expect(Object.keys(JSON.parse(text))).toEqual(["data"]);
        }
      }
    }),
    { numRuns: rounds(200), endOnFailure: true },
  );
  // Else nothing was compared.
  expect(taken).toBeGreaterThan(50);
  expect(damagedTaken).toBeGreaterThan(10);
}, 120_000);
