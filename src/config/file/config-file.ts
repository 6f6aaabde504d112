import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { type Environment, setting } from "../environment/environment.ts";
import type { ConfigProblem } from "../values/config-error.ts";
import { type AccessConfig, parseAccess } from "./access.ts";
import { type HooksConfig, parseHooks } from "./hooks.ts";
import { type IssuerSetting, type IssuerSurroundings, parseIssuers } from "./issuers.ts";
import { type Limits, parseLimits } from "./limits.ts";
import { type MailSettings, parseMail } from "./mail.ts";
import { parseRoles, type Roles } from "./roles.ts";
import { parseSupergraph, type SupergraphConfig } from "./supergraph.ts";
import { parseUpstreams, type UpstreamConfig } from "./upstreams.ts";
import { parseWebhooks, type WebhookConfig } from "./webhooks.ts";
import { nameKey, parseYaml, type YamlProblem } from "./yaml.ts";

/** `unreadable` instead of `text`: why the file cannot be read, so that `parseConfig` tells it together with everything else. */
export type ConfigFile = { readonly path: string } & ({ readonly text: string } | { readonly unreadable: string });

export const sections: ReadonlySet<unknown> = new Set([
  "roles",
  "limits",
  "upstreams",
  "supergraph",
  "access",
  "issuers",
  "mail",
  "hooks",
  "webhooks",
]);

/** What the file says, section by section. Paths are absolute. */
export interface FileSections {
  readonly roles: Roles;
  readonly limits: Limits;
  readonly upstreams: readonly UpstreamConfig[];
  readonly supergraph: SupergraphConfig | undefined;
  readonly access: AccessConfig | undefined;
  /** Others whose access tokens are taken. */
  readonly issuers: readonly IssuerSetting[];
  readonly hooks: HooksConfig | undefined;
  readonly webhooks: readonly WebhookConfig[];
  readonly mail: MailSettings;
}

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

export function parseConfigFile(
  file: ConfigFile | undefined,
  surroundings: Omit<IssuerSurroundings, "ourRoles">,
): FileSections & { problems: readonly ConfigProblem[] } {
  const { content, problems: syntaxProblems } = readContent(file);
  const { roles, problems: roleProblems } = parseRoles(content.get("roles"));
  const { limits, problems: limitProblems } = parseLimits(content.get("limits"));
  const { upstreams, problems: upstreamProblems } = parseUpstreams(content.get("upstreams"));
  const { supergraph, problems: supergraphProblems } = parseSupergraph(content.get("supergraph"));
  const { access, problems: accessProblems } = parseAccess(content.get("access"));
  const { issuers, problems: issuerProblems } = parseIssuers(content.get("issuers"), { ...surroundings, ourRoles: new Set(roles.keys()) });
  const { hooks, problems: hookProblems } = parseHooks(content.get("hooks"));
  const { webhooks, problems: webhookProblems } = parseWebhooks(content.get("webhooks"), surroundings);
  const { mail, problems: mailProblems } = parseMail(content.get("mail"), surroundings);
  const name = file?.path ?? "";
  const found = (path: string) => resolve(dirname(name), path);
  const problems = [
    syntaxProblems,
    unknownSections(content),
    roleProblems,
    limitProblems,
    upstreamProblems,
    supergraphProblems,
    accessProblems,
    issuerProblems,
    hookProblems,
    webhookProblems,
    mailProblems,
  ];
  return {
    roles,
    limits,
    upstreams: upstreams.map(({ sdl, ...each }) => ({ ...each, sdl: "file" in sdl ? { file: found(sdl.file) } : sdl })),
    supergraph: supergraph && { ...supergraph, file: found(supergraph.file) },
    access,
    issuers,
    hooks: hooks && { ...hooks, module: found(hooks.module) },
    webhooks: webhooks.map(({ secrets, ...each }) => ({
      ...each,
      secrets: secrets.map((source) => ("file" in source ? { file: found(source.file) } : source)),
    })),
    mail: { ...mail, templatesDirectory: mail.templatesDirectory && found(mail.templatesDirectory) },
    problems: [...problems.flat(), ...conflicts(upstreams, supergraph), ...strayClaims({ upstreams, supergraph, hooks })].map(
      ({ at, problem, example }) => ({
        variable: at === "" ? name : `${name}: ${at}`,
        problem,
        example,
      }),
    ),
  };
}

function conflicts(upstreams: readonly UpstreamConfig[], supergraph: SupergraphConfig | undefined): YamlProblem[] {
  if (supergraph === undefined || upstreams.length === 0) return [];
  const problem = "stands beside upstreams: a supergraph's subgraphs are all of its graphs, so choose one of the two.";
  return [{ at: "supergraph", problem, example: "supergraph: { file: ./supergraph.graphql }" }];
}

/** Only the hook `claims` can add others. */
function strayClaims({ upstreams, supergraph, hooks }: Pick<FileSections, "upstreams" | "supergraph" | "hooks">): YamlProblem[] {
  if (hooks !== undefined) return [];
  const problem = "has claims other than email, which only a module of hooks can add to access tokens.";
  const subgraphs = supergraph?.named.map((name) => supergraph.connectionOf({ name, url: "" })) ?? [];
  const places = [
    ...upstreams.map(({ identity }, index) => ({ at: `upstreams[${index}].identity`, identity })),
    ...subgraphs.map(({ name, identity }) => ({ at: `supergraph.subgraphs.${name}.identity`, identity })),
  ];
  const strays = places.filter(({ identity }) => identity?.claims.some((claim) => claim !== "email"));
  return strays.map(({ at }) => ({ at, problem, example: "hooks: { module: ./hooks.js }" }));
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
    problem: "is not a known key.",
    example: "roles: { support: { scopes: [users:read] } }",
  }));
}
