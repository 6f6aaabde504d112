import fc from "fast-check";
import {
  type DocumentNode,
  type ExecutionResult,
  executeSync,
  type GraphQLSchema,
  Kind,
  type OperationDefinitionNode,
  parse,
  validate,
} from "graphql";
import { expect, test } from "vitest";
import type { Caller } from "../../src/access/denials.ts";
import { completeResult } from "../../src/access/forwarded/complete-result.ts";
import { cutNothing, cutOperation } from "../../src/access/forwarded/cut-operation.ts";
import { createGuardedSchema, type GuardedSchema } from "../../src/access/forwarded/guarded-schema.ts";
import { guardSchema } from "../../src/access/guard/guard-schema.ts";
import { denyRootTypename } from "../../src/access/guard/guarded-root.ts";
import { readRequirements } from "../../src/access/requirements/read-requirements.ts";
import type { RequirementTable } from "../../src/access/requirements/requirement-table.ts";
import type { Requirement } from "../../src/access/requirements/requirements.ts";
import { AuthError } from "../../src/core/errors.ts";
import { isAnonymous } from "../../src/core/permissions.ts";
import { rounds } from "../support/rounds.ts";
import { anonymous, caller } from "./guarded-graph.ts";
import { createDraw, createObservedGraph, type Draw, drawSdl, type ObservedGraph } from "./random-graphs.ts";
import { type DrawnOperation, drawOperation } from "./random-operations.ts";

const everything = caller({ roles: ["r0", "r1"], scopes: ["s0", "s1", "s2"] });

function drawCaller(draw: Draw): Caller {
  if (draw(4) === 0) return anonymous;
  const some = (names: string[]) => names.filter(() => draw(2) === 0);
  return caller({ roles: some(["r0", "r1"]), scopes: some(["s0", "s1", "s2"]) });
}

/** Read from the words of the specification, without any of the code under test. */
function has(by: Caller, requirement: Requirement | undefined): boolean {
  if (requirement === undefined) return true;
  if (isAnonymous(by)) return false;
  const holds = (alternatives: readonly (readonly string[])[] | undefined, held: ReadonlySet<string>) =>
    alternatives === undefined || alternatives.some((all) => all.every((name) => held.has(name)));
  return holds(requirement.scopes, by.scopes) && holds(requirement.roles, by.roles);
}

function maySee(by: Caller, coordinate: string, { graph, table }: { graph: ObservedGraph; table: RequirementTable }): boolean {
  const [typeName = "", fieldName = ""] = coordinate.split(".");
  const type = graph.schema.getType(typeName);
  const field = type && "getFields" in type ? type.getFields()[fieldName] : undefined;
  const returned = String(field?.type).replace(/[[\]!]/g, "");
  return [table.fields.get(coordinate), table.types.get(typeName), table.types.get(returned)].every((each) => has(by, each));
}

const unfit = () => expect.unreachable("an honest answer fits");
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value ?? null));

function leavesOf(value: unknown): readonly unknown[] {
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(leavesOf) : [value];
}

interface Guarded {
  readonly graph: ObservedGraph;
  readonly table: RequirementTable;
  readonly inside: GraphQLSchema;
  readonly outside: GuardedSchema;
}

interface World extends Guarded {
  readonly document: DocumentNode;
  readonly operation: OperationDefinitionNode;
  readonly variableValues: DrawnOperation["variableValues"];
}

function guard(sdl: string): Guarded {
  const graph = createObservedGraph(sdl);
  const table = readRequirements(parse(sdl));
  const inside = guardSchema(graph.schema, table, (context) => (context as { caller: Caller }).caller);
  return { graph, table, inside, outside: createGuardedSchema(graph.schema, table) };
}

function enforceOutside({ graph, outside, document, operation, variableValues }: World, by: Caller) {
  const cut = cutOperation(outside, { document, operation, caller: by });
  if (cut.document !== undefined) expect(validate(graph.schema, cut.document)).toEqual([]);
  graph.resolved.clear();
  const sent = Object.fromEntries(Object.entries(variableValues).filter(([name]) => cut.variableNames.has(name)));
  const result = cut.document === undefined ? {} : executeSync({ schema: graph.schema, document: cut.document, variableValues: sent });
  const resolved = [...graph.resolved];
  return { cut, resolved, answer: completeResult(cut, { variableValues, unfit }, result) };
}

function enforceInside({ inside, table, document, operation, variableValues }: World, by: Caller): ExecutionResult {
  const denied = denyRootTypename({ schema: inside, table, document, operation, variableValues, caller: by });
  return denied ?? executeSync({ schema: inside, document, variableValues, contextValue: { caller: by } });
}

/** An upstream that answers more than it was asked for: everything. Where something of that failed, nulls stand elsewhere. */
function expectNoMoreFromOversharing(
  { graph, outside, document, operation, variableValues }: World,
  by: Caller,
  answer: ExecutionResult,
): void {
  const whole = cutNothing(outside, { document, operation });
  if (whole.document === undefined) return;
  const result = executeSync({ schema: graph.schema, document: whole.document, variableValues });
  if (result.errors !== undefined) return;
  const cut = cutOperation(outside, { document, operation, caller: by });
  expect(plain(completeResult(cut, { variableValues, unfit }, result).data)).toEqual(plain(answer.data));
}

/** Every error's path leads to a null. */
function expectPathsToNull({ data, errors = [] }: ExecutionResult): void {
  for (const { path = [] } of errors) {
    let value: unknown = data;
    for (const step of path) value = (value as Record<string, unknown> | null)?.[step] ?? null;
    expect(value).toBeNull();
  }
}

function check(world: World, by: Caller): void {
  const { graph, table, document, variableValues } = world;
  const { cut, resolved, answer } = enforceOutside(world, by);
  expect(resolved.filter((coordinate) => !maySee(by, coordinate, world))).toEqual([]);

  const leaves = leavesOf(answer.data);
  expect(leaves.filter((leaf) => !maySee(by, graph.origins.get(leaf) ?? "", world))).toEqual([]);
  expect(leaves.filter((leaf) => typeof leaf === "string" && table.types.has(leaf) && !has(by, table.types.get(leaf)))).toEqual([]);

  const unguarded = executeSync({ schema: graph.schema, document, variableValues });
  const isDenied = (answer.errors ?? []).some(({ originalError }) => originalError instanceof AuthError);
  if (!isDenied) expect(plain(answer.data)).toEqual(plain(unguarded.data));
  expect(plain(answer.data)).toEqual(plain(enforceInside(world, by).data));
  expectNoMoreFromOversharing(world, by, answer);
  expectPathsToNull(answer);
  if (by === everything) expect([cut.denials.size, isDenied]).toEqual([0, false]);
}

/** Says what was drawn: numbers say nothing, and do not shrink to anything that is simpler to read. */
function checkAndShow(world: World, by: Caller, drawn: string): void {
  try {
    check(world, by);
  } catch (cause) {
    const who = isAnonymous(by) ? by.reason : [...by.roles, ...by.scopes].join(" ");
    throw new Error(`${cause}\n${drawn}\n${JSON.stringify(world.variableValues)} by ${who}`, { cause });
  }
}

test("enforcement before and after an execution answers like enforcement during it, and fetches nothing that is denied", () => {
  let invalid = 0;
  let total = 0;
  fc.assert(
    fc.property(fc.noBias(fc.integer()), (seed) => {
      const draw = createDraw(seed);
      const sdl = drawSdl(draw);
      const guarded = guard(sdl);
      for (let round = 0; round < 3; round++) {
        const { text, variableValues } = drawOperation(draw, guarded.graph.schema);
        const document = parse(text);
        const operation = document.definitions.find((node) => node.kind === Kind.OPERATION_DEFINITION);
        total += 1;
        if (operation === undefined || validate(guarded.graph.schema, document).length > 0) {
          invalid += 1;
          continue;
        }
        // One plan serves callers and conditions in any order.
        const callers = [drawCaller(draw), drawCaller(draw), everything];
        for (const values of [variableValues, { ...variableValues, v0: !variableValues.v0 }]) {
          const world = { ...guarded, document, operation, variableValues: values };
          for (const by of callers) checkAndShow(world, by, `${sdl}\n${text}`);
        }
      }
    }),
    { numRuns: rounds(50), endOnFailure: true },
  );
  // The drawing is worth something only while most of what it draws is valid.
  expect(invalid / total).toBeLessThan(0.3);
}, 120_000);
