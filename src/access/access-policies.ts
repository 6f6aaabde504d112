// STOPGAP until the real one arrives
import type { GraphQLSchema } from "graphql";
import type { MergedRequirements } from "./merge-requirements.ts";
import { combine, type Requirement } from "./requirements.ts";
export interface AccessPolicies {
  readonly default: "public" | "authenticated";
  readonly rules: ReadonlyMap<string, "public" | Requirement>;
}
export function applyPolicies(
  merged: MergedRequirements,
  policies: AccessPolicies,
  _p: { schema: GraphQLSchema; exempt: GraphQLSchema },
): MergedRequirements {
  const fields = new Map(merged.table.fields);
  for (const [k, r] of policies.rules)
    if (r !== "public") {
      const o = fields.get(k);
      fields.set(k, o ? combine(o, r) : r);
    }
  return { ...merged, table: { ...merged.table, fields } };
}
