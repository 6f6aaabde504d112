import type { GraphQLSchema } from "graphql";
import { DEFAULT_LIMIT } from "../../auth/limits/default-limits.ts";
import type { RateLimit } from "../../auth/limits/rate-limits.ts";
import { type AccountLimitName, accountLimitDefaults } from "./account-limits.ts";
import type { AppliedLimit } from "./rate-limit-directive.ts";

/** What the operator sets instead of what the schema says: by coordinate, `default` or the name of a limit per account. */
export type LimitOverrides = ReadonlyMap<string, RateLimit | "off">;

/** How one root field is limited. */
export type FieldLimit =
  /** Stated in the schema: counted with care, over all processes. */
  | (AppliedLimit & { readonly isStated: true })
  /** All others. */
  | (RateLimit & { readonly isStated: false });

export interface LimitTable {
  /** Undefined where there is no limit. */
  ofField(coordinate: string): FieldLimit | undefined;
  perAccount(name: AccountLimitName): RateLimit | undefined;
}

export function createLimitTable(stated: ReadonlyMap<string, AppliedLimit>, overrides: LimitOverrides): LimitTable {
  function effective(name: string, fallback: RateLimit): RateLimit | undefined {
    const override = overrides.get(name) ?? fallback;
    return override === "off" ? undefined : override;
  }

  return {
    ofField(coordinate) {
      const own = stated.get(coordinate);
      if (own !== undefined) {
        const limit = effective(coordinate, own);
        return limit && { ...own, ...limit, isStated: true };
      }
      const limit = overrides.has(coordinate) ? effective(coordinate, DEFAULT_LIMIT) : effective("default", DEFAULT_LIMIT);
      return limit && { ...limit, isStated: false };
    },
    perAccount: (name) => effective(name, accountLimitDefaults[name]),
  };
}

/** The root fields of a schema, as coordinates. */
export function listRootFields(schema: GraphQLSchema): string[] {
  const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()];
  return roots.flatMap((root) => Object.keys(root?.getFields() ?? {}).map((field) => `${root?.name}.${field}`));
}
