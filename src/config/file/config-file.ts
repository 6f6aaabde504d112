import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { type Environment, setting } from "../environment/environment.ts";
import type { ConfigProblem } from "../values/config-error.ts";
import type { Surroundings } from "../values/section.ts";
import { describeIssues } from "./describe-issues.ts";
import { findConflicts } from "./file-rules.ts";
import { type FileSections, fileSchema, sections } from "./sections.ts";
import { parseYaml, type YamlProblem } from "./yaml.ts";

/** `unreadable` instead of `text`: why the file cannot be read, so that `parseConfig` tells it together with everything else. */
export type ConfigFile = { readonly path: string } & ({ readonly text: string } | { readonly unreadable: string });

type Content = ReadonlyMap<unknown, unknown>;

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

/** Every problem at once. With problems, what is wrong is as if it were not there. */
export function parseConfigFile(
  file: ConfigFile | undefined,
  server: Omit<Surroundings, "folder" | "ourRoles">,
): { readonly sections: FileSections; readonly problems: readonly ConfigProblem[] } {
  const { content, problems: flaws } = readContent(file);
  const name = file?.path ?? "";
  const schema = fileSchema({ ...server, folder: dirname(name), ourRoles: rolesOf(content) });
  const { sound, problems } = parseContent(schema, content);
  return {
    sections: sound,
    problems: [...flaws, ...problems, ...findConflicts(sound)].map(({ at, problem, example }) => ({
      variable: at === "" ? name : `${name}: ${at}`,
      problem,
      example,
    })),
  };
}

function readContent(file: ConfigFile | undefined): { content: Content; problems: YamlProblem[] } {
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
  if (content instanceof Map) return { content: withoutEmptySections(content), problems: [] };
  return { content: nothing, problems: [{ at: "", problem: "must be a mapping.", example: sections.roles.example }] };
}

/** `upstreams:` with nothing, or only comments, below it. */
function withoutEmptySections(content: Content): Content {
  return new Map([...content].filter(([name, section]) => section !== null || !isSection(name)));
}

function isSection(name: unknown): name is keyof typeof sections {
  return typeof name === "string" && Object.hasOwn(sections, name);
}

/** As the section names them, whatever is wrong with it: an issuer that maps to one of them has no problem of its own. */
function rolesOf(content: Content): ReadonlySet<string> {
  const roles = content.get("roles");
  return new Set(["user", "admin", ...(roles instanceof Map ? [...roles.keys()].map(String) : [])]);
}

/** Sections with problems are left out of what is sound, so that the others can be held against each other. */
function parseContent(schema: ReturnType<typeof fileSchema>, content: Content): { sound: FileSections; problems: YamlProblem[] } {
  // Every schema has words of its own. Were one missing, zod's would quote what stands in the file.
  const { data, error } = schema.safeParse(content, { error: () => "is not what belongs here." });
  if (data !== undefined) return { sound: data, problems: [] };
  const faulty = new Set(
    error.issues.flatMap((issue) => (issue.code === "unrecognized_keys" && issue.path.length === 0 ? issue.keys : issue.path[0])),
  );
  const problems = describeIssues(error.issues).map((place) => ({ ...place, example: exampleOf(place.at) }));
  return { sound: schema.parse(new Map([...content].filter(([name]) => !faulty.has(String(name))))), problems };
}

function exampleOf(at: string): string {
  const [name] = /^\w+/.exec(at) ?? [];
  return isSection(name) ? sections[name].example : sections.roles.example;
}
