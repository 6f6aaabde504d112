import { z } from "zod";
import { mapping, mappingFrom } from "../../config/values/schemas.ts";
import type { Section } from "../../config/values/section.ts";

/** Of names and scopes together. */
const MAXIMUM_BYTES = 4096;

const roleName = z
  .string()
  .regex(/^[a-z][a-z0-9_-]{0,63}$/, "is not a role name: a lower-case letter, then at most 63 lower-case letters, digits, _ or -.");

const scopeProblem = "is not a scope: printable ASCII without spaces, quotation marks and backslashes (RFC 6749).";
/** RFC 6749 section 3.3, scope-token. */
export const scope = z.string(scopeProblem).regex(/^[\x21\x23-\x5b\x5d-\x7e]+$/, scopeProblem);

const role = mapping(
  {
    scopes: z
      .array(scope, "must be a list.")
      .nullish()
      .transform((written) => [...new Set(written)])
      .describe("The scopes that the role brings. With users:read one may look up one user by address or id."),
  },
  "must be a mapping with the key scopes.",
);

/** Role → scopes; `user` and `admin` exist also without the section. */
export const rolesSection = {
  example: "roles: { support: { scopes: [users:read] } }",
  schema: () =>
    mappingFrom(roleName, role, "must be a mapping from role names.")
      .transform((written): ReadonlyMap<string, readonly string[]> => {
        const named = [...written].map(([name, { scopes }]) => [name, scopes] as const);
        return new Map([["user", []], ["admin", []], ...named]);
      })
      .superRefine((roles, context) => {
        const bytes = bytesOf(roles);
        if (bytes <= MAXIMUM_BYTES) return;
        context.addIssue(`is ${bytes} bytes of names and scopes; access tokens carry them, so at most ${MAXIMUM_BYTES} are allowed.`);
      })
      .prefault(() => new Map())
      .describe("Roles beside user and admin, which always exist, and the scopes that each brings."),
} satisfies Section;

/** Access tokens carry them: whoever has every role must still get one that is taken (at most 8 kB, a quarter of it base64url). */
function bytesOf(roles: ReadonlyMap<string, readonly string[]>): number {
  const names = [...roles.keys(), ...new Set([...roles.values()].flat())];
  return Buffer.byteLength(names.join('","'));
}
