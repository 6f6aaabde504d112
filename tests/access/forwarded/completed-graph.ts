import { type ExecutionResult, GraphQLError } from "graphql";
import { anonymous } from "../guarded-graph.ts";
import { createOutsideGraph, shown } from "./guarded-answers.ts";

export const graph = createOutsideGraph(`
  type Query { open: Int closed: Int @authenticated strict: Int! @authenticated me: Me items: [Item!] nodes: [Node]
  any: [Any] list: [[Int!]!] must: Me!
    level: Level json: Json ok: Boolean ratio: Float name: String }
  type Me { id: ID name: String! secret: Int @authenticated deep: Me hard: Int! @hasRole(roles: ["admin"]) }
  scalar Json
  enum Level { LOW HIGH }
  interface Item { id: ID }
  type Post implements Item { id: ID title: String @authenticated same: Int }
  type Page implements Item { id: ID title: String @authenticated same: Int }
  interface Node { id: ID }
  type Draft implements Node @requiresScopes(scopes: [["drafts"]]) { id: ID }
  type Note implements Node { id: ID }
  union Any = Draft | Note
`);

export const answer = (query: string, by = anonymous, result: ExecutionResult = {}) => shown(graph.answer(query, by, { result }));

export const failed = (path: (string | number)[], message = "Failed.") => new GraphQLError(message, { path });
