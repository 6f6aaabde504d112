import { DirectiveLocation, GraphQLDirective, GraphQLError, GraphQLList, GraphQLNonNull, GraphQLScalarType, GraphQLString } from "graphql";

// The places where Apollo Federation allows them, and no others: https://specs.apollo.dev/federation/v2.5
const locations = [
  DirectiveLocation.OBJECT,
  DirectiveLocation.FIELD_DEFINITION,
  DirectiveLocation.INTERFACE,
  DirectiveLocation.SCALAR,
  DirectiveLocation.ENUM,
];

function requireString(value: unknown): string {
  if (typeof value !== "string") throw new GraphQLError("A scope is a string.");
  return value;
}

export const scopeScalar = new GraphQLScalarType<string, string>({
  name: "Scope",
  description: "An OAuth 2.0 scope, such as `users:read`.",
  serialize: requireString,
  parseValue: requireString,
});

const scopeConjunction = new GraphQLNonNull(new GraphQLList(new GraphQLNonNull(scopeScalar)));
const scopeAlternatives = new GraphQLNonNull(new GraphQLList(scopeConjunction));

export const authenticatedDirective = new GraphQLDirective({
  name: "authenticated",
  description: "Only for signed-in callers. Federation's name and meaning.",
  locations,
});

export const requiresScopesDirective = new GraphQLDirective({
  name: "requiresScopes",
  description: "Federation's name and meaning: the outer list is OR, the inner list is AND; an empty list is a start-up error.",
  locations,
  args: { scopes: { type: scopeAlternatives } },
});

export const hasRoleDirective = new GraphQLDirective({
  name: "hasRole",
  description: "Any one of the roles is enough.",
  locations,
  args: { roles: { type: new GraphQLNonNull(new GraphQLList(new GraphQLNonNull(GraphQLString))) } },
});
