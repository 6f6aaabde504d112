import { nameKey, type YamlProblem } from "./yaml.ts";

/** Role → scopes. */
export type Roles = ReadonlyMap<string, readonly string[]>;

const example = "roles: { support: { scopes: [users:read] } }";
const MAXIMUM_BYTES = 4096;
const roleName = /^[a-z][a-z0-9_-]{0,63}$/;
/** RFC 6749 section 3.3, scope-token. */
const scopeToken = /^[\x21\x23-\x5b\x5d-\x7e]+$/;

/** The `roles` section; `user` and `admin` exist also without it. */
export function parseRoles(section: unknown): { roles: Roles; problems: YamlProblem[] } {
  const roles = new Map<string, readonly string[]>([
    ["user", []],
    ["admin", []],
  ]);
  // `roles:` with nothing, or only comments, below it.
  if (section === undefined || section === null) return { roles, problems: [] };
  if (!(section instanceof Map)) return { roles, problems: [flaw("roles", "must be a mapping from role names.")] };

  const problems: YamlProblem[] = [];
  for (const [name, body] of section) {
    const parsed = parseRole(name, body);
    if (parsed.problems.length === 0) roles.set(String(name), parsed.scopes);
    problems.push(...parsed.problems);
  }
  return { roles, problems: [...problems, ...sizeProblems(roles)] };
}

/** Access tokens carry them: whoever has every role must still get one that is taken (at most 8 kB, a quarter of it base64url). */
function sizeProblems(roles: Roles): YamlProblem[] {
  const names = [...roles.keys(), ...new Set([...roles.values()].flat())];
  const bytes = Buffer.byteLength(names.join('","'));
  if (bytes <= MAXIMUM_BYTES) return [];
  return [flaw("roles", `is ${bytes} bytes of names and scopes; access tokens carry them, so at most ${MAXIMUM_BYTES} are allowed.`)];
}

function parseRole(name: unknown, body: unknown): { scopes: readonly string[]; problems: YamlProblem[] } {
  const at = `roles.${nameKey(name)}`;
  if (typeof name !== "string" || !roleName.test(name)) {
    const problem = "is not a role name: a lower-case letter, then at most 63 lower-case letters, digits, _ or -.";
    return { scopes: [], problems: [flaw(at, problem)] };
  }
  if (!(body instanceof Map)) return { scopes: [], problems: [flaw(at, "must be a mapping with the key scopes.")] };
  const unknownKeys = [...body.keys()].filter((key) => key !== "scopes");
  const { scopes, problems } = parseScopes(body.get("scopes") ?? [], `${at}.scopes`);
  return { scopes, problems: [...unknownKeys.map((key) => flaw(`${at}.${nameKey(key)}`, "is not a known key.")), ...problems] };
}

function parseScopes(written: unknown, at: string): { scopes: readonly string[]; problems: YamlProblem[] } {
  if (!Array.isArray(written)) return { scopes: [], problems: [flaw(at, "must be a list.")] };
  const problem = "is not a scope: printable ASCII without spaces, quotation marks and backslashes (RFC 6749).";
  const problems = written.flatMap((scope, index) => (isScope(scope) ? [] : [flaw(`${at}[${index}]`, problem)]));
  return { scopes: [...new Set(written.filter(isScope))], problems };
}

export function isScope(value: unknown): value is string {
  return typeof value === "string" && scopeToken.test(value);
}

function flaw(at: string, problem: string): YamlProblem {
  return { at, problem, example };
}
