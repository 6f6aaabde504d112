import "reflect-metadata";
import { printSchemaWithDirectives } from "@graphql-tools/utils";
import { type GraphQLSchema, parse, specifiedDirectives } from "graphql";
import { buildSchema } from "type-graphql";
import { guardSchema } from "../access/guard/guard-schema.ts";
import { authenticatedDirective, hasRoleDirective, requiresScopesDirective } from "../access/requirements/directives.ts";
import { readRequirements } from "../access/requirements/read-requirements.ts";
import type { RequirementTable } from "../access/requirements/requirement-table.ts";
import type { RequestContext } from "./context.ts";
import { limitFields } from "./limits/limit-fields.ts";
import { createLimitTable, type LimitOverrides, listRootFields } from "./limits/limit-table.ts";
import { type AppliedLimit, rateLimitDirective, readAppliedLimits } from "./limits/rate-limit-directive.ts";
import { noPubSub } from "./no-pub-sub.ts";
import { checkPolicies } from "./policies/check-policies.ts";
import { AccessResolver } from "./resolvers/access-resolver.ts";
import { AccountExportResolver } from "./resolvers/account-export-resolver.ts";
import { AccountLifeResolver } from "./resolvers/account-life-resolver.ts";
import { AccountResolver } from "./resolvers/account-resolver.ts";
import { AdministrationResolver } from "./resolvers/administration-resolver.ts";
import { AuditResolver } from "./resolvers/audit-resolver.ts";
import { DirectoryResolver } from "./resolvers/directory-resolver.ts";
import { LiveResolver } from "./resolvers/live-resolver.ts";
import { MailedProofsResolver } from "./resolvers/mailed-proofs-resolver.ts";
import { SessionEventsResolver } from "./resolvers/session-events-resolver.ts";
import { SessionListResolver, UserSessionsResolver } from "./resolvers/session-list-resolver.ts";
import { SessionResolver } from "./resolvers/session-resolver.ts";
import { ViewerResolver } from "./resolvers/viewer-resolver.ts";
import { toFederationSdl } from "./subgraph/federation-sdl.ts";
import { toStitchingSdl } from "./subgraph/stitching-sdl.ts";
import { addSubgraphFields, type GatewaySdl } from "./subgraph/subgraph-fields.ts";

export interface AuthGraph {
  /** Enforces the requirements and the limits that its directives state. */
  readonly schema: GraphQLSchema;
  readonly requirements: RequirementTable;
  /** The root fields as coordinates. */
  readonly rootFields: ReadonlySet<string>;
  /** The SDL for clients, with applied directives, which introspection does not carry. */
  readonly sdl: string;
  /** The SDL for gateways that take this graph in. */
  readonly gatewaySdl: GatewaySdl;
}

/** The auth graph before it is known how often its fields may be called. */
export interface GuardedGraph extends Pick<AuthGraph, "schema" | "requirements" | "sdl" | "gatewaySdl"> {
  readonly statedLimits: ReadonlyMap<string, AppliedLimit>;
}

/** The auth graph from its classes, with the limits of the schema unless they are overridden. */
export async function buildAuthGraph(overrides: LimitOverrides = new Map(), factor = 1): Promise<AuthGraph> {
  return limitAuthGraph(await buildGuardedGraph(), overrides, factor);
}

/** From its classes. Its own SDL is what the requirements are read from, so print and enforcement agree. */
export async function buildGuardedGraph(): Promise<GuardedGraph> {
  const schema = await buildSchema({
    resolvers: [
      ViewerResolver,
      SessionResolver,
      AccountResolver,
      AccountLifeResolver,
      AccountExportResolver,
      AdministrationResolver,
      SessionListResolver,
      UserSessionsResolver,
      SessionEventsResolver,
      DirectoryResolver,
      AuditResolver,
      LiveResolver,
      MailedProofsResolver,
      AccessResolver,
    ],
    pubSub: noPubSub,
    // Naming directives replaces GraphQL's own, `@skip` and `@include` among them.
    directives: [...specifiedDirectives, authenticatedDirective, requiresScopesDirective, hasRoleDirective, rateLimitDirective],
    validate: false,
    // A query over all of the schema, at every start, of what `npm run check` has looked at.
    skipCheck: true,
  });
  const sdl = `${printSchemaWithDirectives(schema)}\n`;
  const document = parse(sdl);
  const requirements = readRequirements(document);
  const gatewaySdl = { stitching: toStitchingSdl(document), federation: toFederationSdl(document) };
  const guarded = guardSchema(addSubgraphFields(schema, gatewaySdl), requirements, (context) => (context as RequestContext).viewer);
  const statedLimits = readAppliedLimits(document);
  checkPolicies(schema, statedLimits);
  return { schema: guarded, requirements, statedLimits, sdl, gatewaySdl };
}

/** A copy of the graph that counts its calls. */
export function limitAuthGraph({ statedLimits, ...graph }: GuardedGraph, overrides: LimitOverrides, factor = 1): AuthGraph {
  const schema = limitFields(graph.schema, createLimitTable(statedLimits, overrides, factor));
  return { ...graph, schema, rootFields: new Set(listRootFields(schema)) };
}
