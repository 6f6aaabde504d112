import { z } from "zod";
import type { Requirement } from "../../access/requirements/requirements.ts";
import { flag, mapping, mappingFrom } from "../../config/values/schemas.ts";
import type { Section } from "../../config/values/section.ts";
import type { AccessOptions } from "../upstreams/upstream-options.ts";

const coordinate = z
  .string()
  .regex(/^[_A-Za-z][_0-9A-Za-z]*\.([_A-Za-z][_0-9A-Za-z]*|\*)$/, "is neither a field (Type.field) nor all fields of a type (Type.*).");

const shape = "must be public, authenticated, or a mapping with roles (a list) or scopes (a list of lists).";
const empty = "must not be empty: that would let everybody through.";
const names = z.array(z.string(shape).min(1, shape), shape).min(1, empty);

const rule = z
  .union(
    [
      z.enum(["public", "authenticated"]),
      mapping(
        {
          roles: names.optional().describe("One of these roles is enough."),
          scopes: z.array(names, shape).min(1, empty).optional().describe("All scopes of one of these lists."),
        },
        shape,
      )
        .refine(({ roles, scopes }) => roles !== undefined || scopes !== undefined, shape)
        .meta({ minProperties: 1 }),
    ],
    shape,
  )
  .transform((written): "public" | Requirement => {
    if (written === "public") return "public";
    if (written === "authenticated") return { authenticated: true };
    const { roles, scopes } = written;
    return { authenticated: false, ...(roles && { roles: roles.map((role) => [role]) }), ...(scopes && { scopes }) };
  });

/** Whether there are such fields only the schemas can tell. */
export const accessSection = {
  example: 'access: { default: authenticated, rules: { Query.products: public, Product.cost: { scopes: [["products:cost"]] } } }',
  schema: () =>
    mapping(
      {
        default: z
          .enum(["public", "authenticated"], "must be public or authenticated.")
          .prefault("public")
          .describe("What guards fields of upstreams that nothing else says anything of."),
        rules: mappingFrom(coordinate, rule, "must be a mapping from coordinates.")
          .prefault(() => new Map())
          .describe("What a caller needs, by Type.field or Type.*: public, authenticated, roles or scopes."),
        denied: z
          .enum(["cut", "reject"], "must be cut or reject.")
          .prefault("cut")
          .describe("Whether denied selections are cut out of an operation, or all of it is refused."),
        dryRun: flag.prefault(false).describe("Nothing is denied, and what would have been is reported."),
      },
      "must be a mapping with the keys default, rules, denied and dryRun.",
    )
      .transform((written): AccessOptions => written)
      .optional()
      .describe("Requirements for graphs that you cannot change. See docs/guides/gateway.md."),
} satisfies Section;
