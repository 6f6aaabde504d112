import { z } from "zod";
import type { YamlProblem } from "./yaml.ts";
import { parseSection } from "./yaml-section.ts";

/** What a caller needs: the outer lists are OR, the inner ones AND. */
export interface AccessRequirement {
  readonly authenticated: boolean;
  readonly roles?: readonly (readonly string[])[];
  readonly scopes?: readonly (readonly string[])[];
}

/** Requirements for graphs that their operator cannot change. */
export interface AccessConfig {
  readonly default: "public" | "authenticated";
  /** By `Type.field` or `Type.*`. */
  readonly rules: ReadonlyMap<string, "public" | AccessRequirement>;
  readonly denied: "cut" | "reject";
  readonly dryRun: boolean;
}

const example = 'access: { default: authenticated, rules: { Query.products: public, Product.cost: { scopes: [["products:cost"]] } } }';
const coordinate = /^[_A-Za-z][_0-9A-Za-z]*\.([_A-Za-z][_0-9A-Za-z]*|\*)$/;
const shape = "must be public, authenticated, or a mapping with roles (a list) or scopes (a list of lists).";

const names = z.array(z.string(shape).min(1, shape), shape).min(1, "must not be empty: that would let everybody through.");
const rule = z.union(
  [
    z.enum(["public", "authenticated"]),
    z
      .strictObject({
        roles: names.optional(),
        scopes: z.array(names, shape).min(1, "must not be empty: that would let everybody through.").optional(),
      })
      .refine(({ roles, scopes }) => roles !== undefined || scopes !== undefined, shape),
  ],
  shape,
);
const rules = z.record(
  z.string().regex(coordinate, "is neither a field (Type.field) nor all fields of a type (Type.*)."),
  rule,
  "must be a mapping from coordinates.",
);

const access = z.strictObject(
  {
    default: z.enum(["public", "authenticated"], "must be public or authenticated.").default("public"),
    rules: rules.default({}),
    denied: z.enum(["cut", "reject"], "must be cut or reject.").default("cut"),
    dryRun: z.boolean("must be true or false.").default(false),
  },
  "must be a mapping with the keys default, rules, denied and dryRun.",
);

/** The `access` section. Whether there are such fields only the schemas can tell. */
export function parseAccess(content: unknown): { access: AccessConfig | undefined; problems: YamlProblem[] } {
  const { value, problems } = parseSection({ name: "access", content, example }, access);
  if (value === undefined) return { access: undefined, problems };
  const parsed = Object.entries(value.rules).map(([at, each]) => [at, toRequirement(each)] as const);
  return { access: { ...value, rules: new Map(parsed) }, problems };
}

function toRequirement(written: z.infer<typeof rule>): "public" | AccessRequirement {
  if (written === "public") return "public";
  if (written === "authenticated") return { authenticated: true };
  const { roles, scopes } = written;
  return { authenticated: false, ...(roles && { roles: roles.map((role) => [role]) }), ...(scopes && { scopes }) };
}
