import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { ConfigProblem } from "./config-error.ts";
import { type Environment, setting } from "./environment.ts";
import { type IssuerSetting, type IssuerSurroundings, parseIssuers } from "./issuers.ts";
import { type Limits, parseLimits } from "./limits.ts";
import { parseRoles, type Roles } from "./roles.ts";
import { nameKey, parseYaml, type YamlProblem } from "./yaml.ts";

/** `unreadable` instead of `text`: why the file cannot be read, so that `parseConfig` tells it together with everything else. */
export type ConfigFile = { readonly path: string } & ({ readonly text: string } | { readonly unreadable: string });

const sections: ReadonlySet<unknown> = new Set(["roles", "limits", "issuers"]);
const laterSections: ReadonlySet<unknown> = new Set(["upstreams", "supergraph", "access"]);

/** The file that `GATEWAY_CONFIG` names, which must exist then, or `gateway.yaml` in `cwd`, if there is one. */
export function readConfigFile(env: Environment, cwd: string): ConfigFile | undefined {
  const named = setting(env, "GATEWAY_CONFIG");
  const path = resolve(cwd, named ?? "gateway.yaml");
  try {
    return { path, text: readFileSync(path, "utf8") };
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unknown";
    if (code === "ENOENT" && named === undefined) return undefined;
    return { path, unreadable: code };
  }
}

export interface FileSections {
  readonly roles: Roles;
  readonly limits: Limits;
  readonly issuers: readonly IssuerSetting[];
}

/** Only `roles`, `limits` and `issuers` in this version. */
export function parseConfigFile(
  file: ConfigFile | undefined,
  surroundings: Omit<IssuerSurroundings, "ourRoles">,
): FileSections & { problems: readonly ConfigProblem[] } {
  const { content, problems: syntaxProblems } = readContent(file);
  const { roles, problems: roleProblems } = parseRoles(content.get("roles"));
  const { limits, problems: limitProblems } = parseLimits(content.get("limits"));
  const issuers = parseIssuers(content.get("issuers"), { ...surroundings, ourRoles: new Set(roles.keys()) });
  const problems = [...syntaxProblems, ...unknownSections(content), ...roleProblems, ...limitProblems, ...issuers.problems];
  const name = file?.path ?? "";
  return {
    roles,
    limits,
    issuers: issuers.issuers,
    problems: problems.map(({ at, problem, example }) => ({ variable: at === "" ? name : `${name}: ${at}`, problem, example })),
  };
}

function readContent(file: ConfigFile | undefined): { content: ReadonlyMap<unknown, unknown>; problems: YamlProblem[] } {
  const example = "roles: { support: { scopes: [users:read] } }";
  const nothing = new Map();
  if (file === undefined) return { content: nothing, problems: [] };
  if ("unreadable" in file) {
    const problem = `cannot be read (${file.unreadable}).`;
    return { content: nothing, problems: [{ at: "", problem, example: "GATEWAY_CONFIG=/etc/auth-gateway/gateway.yaml" }] };
  }
  const { content, problems } = parseYaml(file.text);
  if (problems.length > 0) return { content: nothing, problems };
  // Everything in it commented out.
  if (content === null) return { content: nothing, problems: [] };
  if (content instanceof Map) return { content, problems: [] };
  return { content: nothing, problems: [{ at: "", problem: "must be a mapping.", example }] };
}

function unknownSections(content: ReadonlyMap<unknown, unknown>): YamlProblem[] {
  const unknown = [...content.keys()].filter((key) => !sections.has(key));
  return unknown.map((key) => ({
    at: nameKey(key),
    problem: laterSections.has(key) ? "is not supported by this version yet." : "is not a known key.",
    example: "roles: { support: { scopes: [users:read] } }",
  }));
}
