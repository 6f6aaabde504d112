import { type AppliedLimit, readWindow } from "../limits/rate-limit-directive.ts";
import { policiesByField, policyOf, type RootPolicy } from "./root-policies.ts";

/** Throws where a mutation of ours has no policy, a policy no field, or the schema shows another limit than the policy's. */
export function checkPolicies(rootFields: readonly string[], limits: ReadonlyMap<string, AppliedLimit>): void {
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
  ];
  if (problems.length > 0) throw new Error(`src/graphql/policies/root-policies.ts: ${problems.join("; ")}.`);
}

/** No policy counts calls apart by their arguments. */
function isShown({ max, window }: NonNullable<RootPolicy["rateLimit"]>, shown: AppliedLimit): boolean {
  return shown.max === max && shown.windowSeconds === readWindow(window) && shown.identityArgs.length === 0;
}
