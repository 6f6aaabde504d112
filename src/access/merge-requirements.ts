// STOPGAP until the real one arrives
import type { GraphQLSchema } from "graphql";
import type { RequirementTable } from "./requirement-table.ts";
import { combine, type Requirement } from "./requirements.ts";
export interface Subschema {
  readonly name: string;
  readonly schema: GraphQLSchema;
  readonly requirements: RequirementTable;
}
export interface RequirementOrigin {
  readonly source: string;
  readonly requirement: Requirement;
}
export interface MergedRequirements {
  readonly table: RequirementTable;
  readonly origins: ReadonlyMap<string, readonly RequirementOrigin[]>;
}
export function mergeRequirements(subschemas: readonly Subschema[]): MergedRequirements {
  const types = new Map<string, Requirement>();
  const fields = new Map<string, Requirement>();
  const add = (m: Map<string, Requirement>, k: string, r: Requirement) => {
    const o = m.get(k);
    m.set(k, o ? combine(o, r) : r);
  };
  for (const s of subschemas) {
    for (const [k, r] of s.requirements.types) add(types, k, r);
    for (const [k, r] of s.requirements.fields) add(fields, k, r);
  }
  return { table: { types, fields }, origins: new Map() };
}
