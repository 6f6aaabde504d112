import { type GraphQLArgument, type GraphQLInputField, type GraphQLSchema, getNamedType, isInputObjectType } from "graphql";
import { argumentsOf } from "../limits/account-subjects.ts";
import { listRootFields } from "../limits/limit-table.ts";
import { type AppliedLimit, readWindow } from "../limits/rate-limit-directive.ts";
import { accountCountsOf, policiesByField, policyOf, type RootPolicy } from "./root-policies.ts";

/**
 * Throws where a mutation of ours has no policy, a policy no field, where the schema shows another limit than the policy's, or where
 * calls that are to be counted for an account, those with a password above all, would count for nobody.
 */
export function checkPolicies(schema: GraphQLSchema, limits: ReadonlyMap<string, AppliedLimit>): void {
  const rootFields = listRootFields(schema);
  const known = new Set(rootFields);
  const problems = [
    ...rootFields.filter((field) => field.startsWith("Mutation.") && !policiesByField.has(field)).map((field) => `${field} has no policy`),
    ...[...policiesByField.keys()].filter((field) => !known.has(field)).map((field) => `${field} has a policy, and is no field`),
    ...[...limits.keys()].filter((field) => !policyOf(field)?.rateLimit).map((field) => `${field} has a limit that is no policy's`),
    ...[...policiesByField].flatMap(([field, { rateLimit }]) => {
      const shown = limits.get(field);
      if (rateLimit === undefined || (shown !== undefined && isShown(rateLimit, shown))) return [];
      return [`${field} ${shown === undefined ? "does not show its limit" : "shows another limit than its policy's"} in the schema`];
    }),
    ...rootFields.flatMap((field) => listArgumentProblems(field, listPaths(schema, field))),
  ];
  if (problems.length > 0) throw new Error(`src/graphql/policies/root-policies.ts: ${problems.join("; ")}.`);
}

/** No policy counts calls apart by their arguments. */
function isShown({ max, window }: NonNullable<RootPolicy["rateLimit"]>, shown: AppliedLimit): boolean {
  return shown.max === max && shown.windowSeconds === readWindow(window) && shown.identityArgs.length === 0;
}

/** What the policy of a field says of its arguments, beside those that it has. */
function listArgumentProblems(field: string, paths: readonly string[]): string[] {
  const { checks, sets } = policyOf(field)?.passwords ?? {};
  const passwords = [checks, sets].filter((path) => path !== undefined);
  const counted = accountCountsOf(field).flatMap(({ subject }) => argumentsOf(subject));
  const missing = new Set([...passwords, ...counted].filter((path) => !paths.includes(path)));
  const unnamed = paths.filter((path) => /password/i.test(path.slice(path.lastIndexOf(".") + 1)) && !passwords.includes(path));
  return [
    ...[...missing].map((path) => `${field} has a policy for ${path}, and no such argument`),
    ...unnamed.map((path) => `${field} takes the password ${path}, and its policy does not say so`),
  ];
}

/** The arguments of a root field and what their inputs have, such as `input.email`. Inputs within inputs are looked into once. */
function listPaths(schema: GraphQLSchema, coordinate: string): string[] {
  const [typeName = "", fieldName = ""] = coordinate.split(".");
  const type = schema.getType(typeName);
  const field = type !== undefined && "getFields" in type ? type.getFields()[fieldName] : undefined;
  return field !== undefined && "args" in field ? field.args.flatMap((argument) => listPathsOf(argument, [])) : [];
}

function listPathsOf({ name, type }: GraphQLArgument | GraphQLInputField, above: readonly string[]): string[] {
  const input = getNamedType(type);
  if (!isInputObjectType(input) || above.includes(input.name)) return [name];
  const inner = Object.values(input.getFields()).flatMap((field) => listPathsOf(field, [...above, input.name]));
  return [name, ...inner.map((path) => `${name}.${path}`)];
}
