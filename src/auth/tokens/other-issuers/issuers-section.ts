import { z } from "zod";
import { HTTP_PATTERN, isTooOpen, mapping, mappingFrom, tooOpen } from "../../../config/values/schemas.ts";
import type { Section, Surroundings } from "../../../config/values/section.ts";
import { isUrlWithQuery, isWebUrl } from "../../../config/values/urls.ts";
import { scope } from "../../users/roles-section.ts";
import type { ClaimPath, OtherIssuer } from "./other-issuer.ts";

/** No shared secrets, ever: whoever verifies could sign. */
const algorithms = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"] as const;

const issuerProblem = "must be an http:// or https:// URL without query, fragment or credentials.";
const jwksProblem = "must be an http:// or https:// URL without fragment or credentials.";
const audienceProblem = "must be 1 to 255 printable ASCII characters without spaces: what its access tokens for you have as aud.";
const clientsProblem = "must be a list of client ids: what its access tokens without aud have as client_id or azp.";
const algorithmsProblem = "must be a list of signatures such as RS256.";
const pathProblem =
  "must be the name of a claim, with dots for names within it (realm_access.roles), or a list of names where one has a dot itself.";
const rolesProblem = "must be one of your roles, or a list of them: user, admin, or one of the section roles.";

const claimPath = z
  .union(
    [
      z.string(pathProblem).regex(/^[^.]+(\.[^.]+)*$/, pathProblem),
      z.array(z.string(pathProblem).min(1, pathProblem), pathProblem).min(1, pathProblem),
    ],
    pathProblem,
  )
  .transform((written): ClaimPath => (typeof written === "string" ? written.split(".") : written));

function keySource({ inProduction, ourIssuer }: Pick<Surroundings, "inProduction" | "ourIssuer">) {
  return {
    issuer: z
      .string(issuerProblem)
      .refine(isWebUrl, issuerProblem)
      .refine((url) => !isTooOpen(url, { inProduction }), tooOpen)
      .refine((url) => url !== ourIssuer, "is this server's own ISSUER.")
      .meta({ description: "The iss of its tokens, as it writes it.", pattern: `${HTTP_PATTERN}[^?#@\\\\\\s]+$` }),
    discovery: z
      .literal(true, "must be true, or be left out where jwks is given.")
      .optional()
      .describe("Its keys are where its document /.well-known/openid-configuration says."),
    jwks: z
      .string(jwksProblem)
      .refine(isUrlWithQuery, jwksProblem)
      .refine((url) => !isTooOpen(url, { inProduction }), tooOpen)
      .meta({ description: "The URL of its keys.", pattern: `${HTTP_PATTERN}[^#@\\\\\\s]+$` })
      .optional(),
  };
}

function rolesMap({ ourRoles }: Pick<Surroundings, "ourRoles">) {
  const ours = z
    .union([z.string(rolesProblem), z.array(z.string(rolesProblem), rolesProblem)], rolesProblem)
    .transform((written) => [written].flat())
    .refine((roles) => roles.every((role) => ourRoles.has(role)), rolesProblem);
  return mappingFrom(z.string().min(1, "must not be empty."), ours, "must be a mapping from their roles to yours.");
}

function issuerKeys(surroundings: Surroundings) {
  const claims = { roles: claimPath.optional(), scopes: claimPath.optional() };
  return {
    ...keySource(surroundings),
    audience: z
      .string(audienceProblem)
      .regex(/^[\x21-\x7e]{1,255}$/, audienceProblem)
      .optional()
      .describe("What its access tokens for your API have as aud; never a client's id."),
    clients: z
      .array(z.string(clientsProblem).regex(/^[\x20-\x7e]{1,255}$/, clientsProblem), clientsProblem)
      .min(1, clientsProblem)
      .optional()
      .describe("Client ids, for issuers whose access tokens have no aud."),
    algorithms: z
      .array(z.enum(algorithms, `must be one of ${algorithms.join(", ")}.`), algorithmsProblem)
      .min(1, algorithmsProblem)
      .prefault(["RS256"])
      .describe("The signatures that it uses."),
    claims: mapping(claims, "must be a mapping with the keys roles and scopes.")
      .prefault({})
      .describe("The claims that hold its roles and its scopes: realm_access.roles, or a list of names."),
    roles: rolesMap(surroundings).optional().describe("Its role → yours, one or a list. Else those of the same names, but admin."),
    scopes: z.array(scope, "must be a list.").optional().describe("The only scopes that are taken. Else all."),
  };
}

type Written = z.output<z.ZodObject<ReturnType<typeof issuerKeys>>>;

/** What JSON Schema has for the rules below. */
const together = {
  allOf: [
    { oneOf: [{ required: ["discovery"] }, { required: ["jwks"] }] },
    { anyOf: [{ required: ["audience"] }, { required: ["clients"] }] },
  ],
  dependentSchemas: {
    roles: { required: ["claims"], properties: { claims: { required: ["roles"] } } },
    scopes: { required: ["claims"], properties: { claims: { required: ["scopes"] } } },
  },
};

function issuer(surroundings: Surroundings) {
  // Whatever else is wrong with an issuer: then its keys may be anything.
  const when = ({ value }: { readonly value: unknown }) => typeof value === "object" && value !== null && !Array.isArray(value);
  const rule = (error: string, ...path: string[]) => ({ error, path, when });
  return mapping(issuerKeys(surroundings), "must be a mapping with the keys issuer, discovery or jwks, and audience.")
    .refine(
      (written) => (written.jwks === undefined) !== (written.discovery === undefined),
      rule("must have either discovery: true or jwks, the URL of its keys."),
    )
    .refine((written) => written.audience !== undefined || written.clients !== undefined, rule(audienceProblem, "audience"))
    .refine(({ roles, claims }) => roles === undefined || claims?.roles !== undefined, rule("does nothing without claims.roles.", "roles"))
    .refine(
      ({ scopes, claims }) => scopes === undefined || claims?.scopes !== undefined,
      rule("does nothing without claims.scopes.", "scopes"),
    )
    .transform(toOtherIssuer)
    .meta(together);
}

function toOtherIssuer({ issuer: name, jwks, audience, clients, algorithms: used, claims, roles, scopes }: Written): OtherIssuer {
  return {
    issuer: name,
    jwksUrl: jwks,
    audience,
    clients: new Set(clients),
    algorithms: used,
    claims: { roles: claims.roles, scopes: claims.scopes },
    roles,
    scopes: scopes && new Set(scopes),
  };
}

export const issuersSection = {
  example: "issuers: [{ issuer: https://login.example.com, discovery: true, audience: https://api.example.com }]",
  schema: (surroundings: Surroundings) =>
    z
      .array(issuer(surroundings), "must be a list of issuers.")
      .superRefine((list, context) => {
        const names = list.map((each) => each.issuer);
        for (const [index, name] of names.entries())
          if (names.indexOf(name) < index)
            context.addIssue({ code: "custom", message: "is in the list already.", path: [index, "issuer"] });
      })
      .prefault([])
      .describe("Others whose access tokens are taken. See docs/reference/configuration.md."),
} satisfies Section;
