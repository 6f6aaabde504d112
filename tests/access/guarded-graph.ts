import {
  buildSchema,
  type ExecutionResult,
  execute,
  type GraphQLFieldResolver,
  type GraphQLSchema,
  isAbstractType,
  isObjectType,
  parse,
  validate,
} from "graphql";
import { expect } from "vitest";
import type { Caller } from "../../src/access/denials.ts";
import { guardSchema } from "../../src/access/guard/guard-schema.ts";
import { readRequirements } from "../../src/access/requirements/read-requirements.ts";
import { AuthError } from "../../src/core/errors.ts";

type Resolver = GraphQLFieldResolver<unknown, unknown>;
/** By coordinate (`Query.me`); `Type.__resolveType` for abstract types. */
export type Resolvers = Readonly<Record<string, Resolver>>;

export const directiveDefinitions = /* GraphQL */ `
  scalar Scope
  directive @authenticated on OBJECT | FIELD_DEFINITION | INTERFACE | SCALAR | ENUM
  directive @requiresScopes(scopes: [[Scope!]!]!) on OBJECT | FIELD_DEFINITION | INTERFACE | SCALAR | ENUM
  directive @hasRole(roles: [String!]!) on OBJECT | FIELD_DEFINITION | INTERFACE | SCALAR | ENUM
`;

export const anonymous: Caller = { reason: "missing" };
export function caller({ roles = [], scopes = [] }: { roles?: string[]; scopes?: string[] } = {}): Caller {
  return { roles: new Set(roles), scopes: new Set(scopes) };
}
export const signedIn = caller();
export const admin = caller({ roles: ["admin"] });

function attach(schema: GraphQLSchema, resolvers: Resolvers): void {
  for (const [coordinate, resolver] of Object.entries(resolvers)) {
    const [typeName = "", fieldName = ""] = coordinate.split(".");
    const type = schema.getType(typeName);
    if (isAbstractType(type)) type.resolveType = resolver as never;
    const field = isObjectType(type) ? type.getFields()[fieldName] : undefined;
    if (field !== undefined) field.resolve = resolver;
    if (field !== undefined && type === schema.getSubscriptionType()) field.subscribe = resolver;
  }
}

export interface Graph {
  readonly unguarded: GraphQLSchema;
  readonly schema: GraphQLSchema;
  /** Not a promise where no resolver returns one. */
  run(query: string, by: Caller, variableValues?: Record<string, unknown>): ExecutionResult | Promise<ExecutionResult>;
}

export function createGraph(sdl: string, options: { resolvers?: Resolvers; rootValue?: unknown } = {}): Graph {
  const unguarded = buildSchema(directiveDefinitions + sdl);
  attach(unguarded, options.resolvers ?? {});
  const schema = guardSchema(unguarded, readRequirements(parse(sdl)), (context) => (context as { caller: Caller }).caller);
  const documents = new Map<string, ReturnType<typeof parse>>();
  return {
    unguarded,
    schema,
    run(query, by, variableValues) {
      // As in the server: one parsed document serves every request that sends this text.
      const document = documents.get(query) ?? parse(query);
      documents.set(query, document);
      expect(validate(schema, document)).toEqual([]);
      return execute({ schema, document, contextValue: { caller: by }, rootValue: options.rootValue, variableValues });
    },
  };
}

/** `data` as plain objects, and what each error says. */
export async function outcome(result: ExecutionResult | Promise<ExecutionResult>) {
  const { data, errors = [] } = await result;
  return {
    data: JSON.parse(JSON.stringify(data ?? null)),
    denied: errors.map(({ path, originalError, message }) =>
      originalError instanceof AuthError ? { path, code: originalError.code, ...originalError.facts } : { path, message },
    ),
  };
}
