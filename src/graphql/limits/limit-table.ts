import type { GraphQLSchema } from "graphql";
import { type AccountLimitName, ALL_FIELDS_LIMIT, accountLimitDefaults, DEFAULT_LIMIT } from "../../auth/limits/default-limits.ts";
import type { RateLimit } from "../../auth/limits/rate-limits.ts";
import type { AppliedLimit } from "./rate-limit-directive.ts";

/** The limits that the operator sets instead of the schema's: by coordinate, `default`, `all` or the name of a limit per account. */
export type LimitOverrides = ReadonlyMap<string, RateLimit | "off">;

/** A limit, and the name that an operator changes it by. */
export interface NamedLimit extends RateLimit {
  readonly setting: string;
}

/** How one root field is limited. */
export type FieldLimit =
  /** Stated in the schema: counted with care, over all processes. */
  | (AppliedLimit & NamedLimit & { readonly isStated: true })
  /** All others. */
  | (NamedLimit & { readonly isStated: false });

export interface LimitTable {
  /** The limit of a field; undefined where there is none. */
  ofField(coordinate: string): FieldLimit | undefined;
  /** Over all root fields of one caller. */
  readonly ofCaller: NamedLimit | undefined;
  perAccount(name: AccountLimitName): NamedLimit | undefined;
}

/** `factor`: so many times as much as the product's own limits. What the operator sets is meant as it is. */
export function createLimitTable(stated: ReadonlyMap<string, AppliedLimit>, overrides: LimitOverrides, factor = 1): LimitTable {
  function effective(setting: string, fallback: RateLimit): NamedLimit | undefined {
    const { max, windowSeconds } = fallback;
    const limit = overrides.get(setting) ?? { max: max * factor, windowSeconds };
    return limit === "off" ? undefined : { ...limit, setting };
  }

  return {
    ofField(coordinate) {
      const own = stated.get(coordinate);
      if (own !== undefined) {
        const limit = effective(coordinate, own);
        return limit && { ...own, ...limit, isStated: true };
      }
      const limit = effective(overrides.has(coordinate) ? coordinate : "default", DEFAULT_LIMIT);
      return limit && { ...limit, isStated: false };
    },
    ofCaller: effective("all", ALL_FIELDS_LIMIT),
    perAccount: (name) => effective(name, accountLimitDefaults[name]),
  };
}

/** The root fields of a schema, as coordinates. */
export function listRootFields(schema: GraphQLSchema): string[] {
  const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()];
  return roots.flatMap((root) => Object.keys(root?.getFields() ?? {}).map((field) => `${root?.name}.${field}`));
}
