import { type ConstDirectiveNode, type ConstValueNode, Kind } from "graphql";
import { type Alternatives, maxAlternatives } from "./alternatives.ts";
import type { Report } from "./requirement-table.ts";
import type { AccessDirective, Requirement } from "./requirements.ts";

/** Reads the requirement of one applied directive. The result counts only if nothing was reported. */
export function readRequirement(meaning: AccessDirective, directive: ConstDirectiveNode, report: Report): Requirement {
  if (meaning === "requiresScopes") return { authenticated: false, scopes: readScopes(directive, report) };
  if (meaning === "hasRole") return { authenticated: false, roles: readRoles(directive, report) };
  if ((directive.arguments ?? []).length > 0) report("takes no arguments");
  return { authenticated: true };
}

function readScopes(directive: ConstDirectiveNode, report: Report): Alternatives {
  const value = soleArgument(directive, "scopes", report);
  if (value === undefined) return [];
  return listItems(value, "`scopes`", report).map((alternative) =>
    listItems(alternative, "each alternative", report).map((scope) => readName(scope, "scope", report)),
  );
}

/** The value of the directive's only argument; whatever else is there is a problem. */
function soleArgument(directive: ConstDirectiveNode, wanted: string, report: Report): ConstValueNode | undefined {
  const given = directive.arguments ?? [];
  for (const { name } of given) {
    if (name.value !== wanted) report(`has no argument \`${name.value}\``);
  }
  const [first, second] = given.filter(({ name }) => name.value === wanted);
  if (first === undefined) report(`needs the argument \`${wanted}\``);
  if (second !== undefined) report(`is given \`${wanted}\` more than once`);
  return first?.value;
}

function listItems(value: ConstValueNode, what: string, report: Report): readonly ConstValueNode[] {
  if (value.kind !== Kind.LIST) {
    report(`${what} must be a list, written out`);
    return [];
  }
  // An empty list can be read as "anyone" (Apollo Router does) or as "nobody": neither is guessed.
  if (value.values.length === 0) report(`${what} must not be empty`);
  if (value.values.length > maxAlternatives) report(`${what} must not have more than ${maxAlternatives} items`);
  return value.values;
}

function readName(value: ConstValueNode, noun: string, report: Report): string {
  if (value.kind !== Kind.STRING) {
    report(`each ${noun} must be a string`);
    return "";
  }
  // A name with spaces around it, or a scope with one inside (RFC 6749, section 3.3), is held by nobody.
  const isName = value.value.trim() === value.value && value.value !== "" && (noun !== "scope" || !/\s/.test(value.value));
  if (!isName) report(`a ${noun} must be neither empty nor contain stray white space`);
  return value.value;
}

function readRoles(directive: ConstDirectiveNode, report: Report): Alternatives {
  const value = soleArgument(directive, "roles", report);
  if (value === undefined) return [];
  return listItems(value, "`roles`", report).map((role) => [readName(role, "role", report)]);
}
