import { type ExecutionResult, GraphQLError } from "graphql";
import { describe, expect, test } from "vitest";
import { anonymous } from "../guarded-graph.ts";
import { answer, failed, graph } from "./completed-graph.ts";

describe("the errors of whoever answered", () => {
  test.each<[string, string, ExecutionResult, object | null, string[]]>([
    [
      "stay, and explain a null",
      "{ me { name } }",
      { data: { me: null }, errors: [failed(["me", "name"])] },
      { me: null },
      ["me.name Failed."],
    ],
    [
      "explain a null that should have bubbled",
      "{ me { name } }",
      { data: { me: { name: null } }, errors: [failed(["me", "name"])] },
      { me: null },
      ["me.name Failed."],
    ],
    [
      "explain everything where they have no path",
      "{ must { name } }",
      { data: null, errors: [new GraphQLError("Down.")] },
      null,
      ["undefined Down."],
    ],
    [
      "leave other nulls to be told",
      "{ list must { name } }",
      { data: { list: null, must: null }, errors: [failed(["list", 0, 0])] },
      null,
      ["list.0.0 Failed.", "must unfit"],
    ],
    [
      "stay beside what was denied, though nothing else came",
      "{ closed open }",
      { errors: [new GraphQLError("Down.")] },
      null,
      ["undefined Down.", "closed UNAUTHENTICATED"],
    ],
    [
      "go where they stand in a denied selection",
      "{ open closed me { secret } }",
      { data: { open: 1, me: {} }, errors: [failed(["closed"]), failed(["me", "secret", "x"]), failed(["open"])] },
      { open: 1, closed: null, me: { secret: null } },
      ["open Failed.", "closed UNAUTHENTICATED", "me.secret UNAUTHENTICATED"],
    ],
    [
      "go where they stand in an object of a guarded type",
      "{ nodes { __typename } }",
      { data: { nodes: [{ __typename: "Draft" }] }, errors: [failed(["nodes", 0, "__typename"])] },
      { nodes: [null] },
      ["nodes.0 UNAUTHENTICATED"],
    ],
    ["go where nobody asked", "{ open }", { data: { open: 1 }, errors: [failed(["other"]), failed(["open", "below"])] }, { open: 1 }, []],
    [
      "stay where the type is not known any more but may have the field",
      "{ items { ... on Post { same } ... on Page { title } } }",
      { data: { items: null }, errors: [failed(["items", 0, "same"]), failed(["items", 0, "title"])] },
      { items: null },
      ["items.0.same Failed."],
    ],
  ])("%s", (_name, query, result, data, errors) => {
    expect(answer(query, anonymous, result)).toEqual({ data, errors });
  });
  test("are the same objects", () => {
    const error = failed(["open"]);
    expect(graph.answer("{ open }", anonymous, { result: { data: { open: null }, errors: [error] } }).errors?.[0]).toBe(error);
  });
});
