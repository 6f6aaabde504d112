import { type ConstDirectiveNode, type ConstValueNode, type DocumentNode, Kind } from "graphql";
import type { Report } from "./requirement-table.ts";

/** One element that a `@link` imports; names as written, so directives begin with `@`. */
export interface LinkImport {
  readonly name: string;
  readonly alias: string;
}

/** One `schema @link(…)`. See https://specs.apollo.dev/link/v1.0 */
export interface SchemaLink {
  /** `federation` for `https://specs.apollo.dev/federation/v2.5`; undefined for another author's specification. */
  readonly apolloSpec: string | undefined;
  /** Its names are `<namespace>__name` here unless imported. */
  readonly namespace: string | undefined;
  readonly imports: readonly LinkImport[];
}

const linkSpecUrl = /^https?:\/\/specs\.apollo\.dev\/(?:link|core)\//i;

/** The links of every `schema` and `extend schema`, also where `@link` itself was renamed (by its link to its own specification). */
export function readSchemaLinks(sdl: DocumentNode, report: (directive: ConstDirectiveNode, problem: string) => void): SchemaLink[] {
  const directives = sdl.definitions.flatMap((node) =>
    node.kind === Kind.SCHEMA_DEFINITION || node.kind === Kind.SCHEMA_EXTENSION ? (node.directives ?? []) : [],
  );
  const linkNames = new Set(["link", "core", ...directives.filter(isLinkToLink).map((directive) => directive.name.value)]);
  return directives
    .filter((directive) => linkNames.has(directive.name.value))
    .map((directive) => readLink(directive, (problem) => report(directive, problem)));
}

function isLinkToLink(directive: ConstDirectiveNode): boolean {
  return linkSpecUrl.test(stringOf(argumentOf(directive, "url") ?? argumentOf(directive, "feature")) ?? "");
}

function stringOf(value: ConstValueNode | undefined): string | undefined {
  return value?.kind === Kind.STRING ? value.value : undefined;
}

function argumentOf(directive: ConstDirectiveNode, argument: string): ConstValueNode | undefined {
  const value = directive.arguments?.find((node) => node.name.value === argument)?.value;
  return value?.kind === Kind.NULL ? undefined : value;
}

function readLink(directive: ConstDirectiveNode, report: Report): SchemaLink {
  const url = stringOf(argumentOf(directive, "url") ?? argumentOf(directive, "feature"));
  const as = argumentOf(directive, "as");
  if (url === undefined) report("`url` must be a string");
  if (as !== undefined && as.kind !== Kind.STRING) report("`as` must be a string");
  const spec = specificationOf(url ?? "");
  const apolloSpec = spec.host === "specs.apollo.dev" ? spec.name : undefined;
  return { apolloSpec, namespace: stringOf(as) ?? spec.name, imports: readImports(argumentOf(directive, "import"), report) };
}

/** The name is the last part of the path, a version apart: `https://example.com/auth/v1.0` specifies `auth`. */
function specificationOf(url: string): { host?: string; name?: string | undefined } {
  if (!URL.canParse(url)) return {};
  const { host, pathname } = new URL(url);
  const parts = pathname.split("/").filter((part) => part !== "" && !/^v\d+(\.\d+)*$/.test(part));
  return { host, name: parts.at(-1) };
}

function readImports(list: ConstValueNode | undefined, report: Report): LinkImport[] {
  if (list === undefined) return [];
  if (list.kind === Kind.LIST) return list.values.flatMap((node) => readImport(node, report) ?? []);
  report("`import` must be a list");
  return [];
}

function readImport(node: ConstValueNode, report: Report): LinkImport | undefined {
  if (node.kind === Kind.STRING) return { name: node.value, alias: node.value };
  const fields = node.kind === Kind.OBJECT ? node.fields : [];
  const valueNamed = (wanted: string) => fields.find(({ name }) => name.value === wanted)?.value;
  const name = stringOf(valueNamed("name"));
  const renamed = valueNamed("as");
  const alias = renamed === undefined || renamed.kind === Kind.NULL ? name : stringOf(renamed);
  if (name !== undefined && alias !== undefined && name.startsWith("@") === alias.startsWith("@")) return { name, alias };
  report('imports must be strings or `{ name: "@x", as: "@y" }`, both or neither with `@`');
  return undefined;
}
