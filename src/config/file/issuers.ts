import { isLocalhost, isPlainHttp, isUrlWithQuery, isWebUrl } from "../values/urls.ts";
import { type ClaimSettings, parseClaims, parseRoleMap, parseScopeList } from "./issuer-claims.ts";
import { nameKey, type YamlProblem } from "./yaml.ts";

/** Another issuer whose access tokens are taken. */
export interface IssuerSetting extends ClaimSettings {
  /** As its tokens and its discovery document write it. */
  readonly issuer: string;
  /** Undefined: told by the discovery document. */
  readonly jwksUrl: string | undefined;
  /** Undefined: only tokens without `aud` are taken, by `clients`. */
  readonly audience: string | undefined;
  /** Those whose tokens without `aud` are taken, by `client_id` or `azp`. */
  readonly clients: ReadonlySet<string>;
  readonly algorithms: readonly string[];
}

/** What else the section depends on. */
export interface IssuerSurroundings {
  readonly ourIssuer: string;
  readonly ourRoles: ReadonlySet<string>;
  readonly inProduction: boolean;
}

type Section = ReadonlyMap<unknown, unknown>;
/** Notes what is wrong with a key of the section; the key itself is left out of the path where it is empty. */
type Complain = (key: string, problem: string) => void;

const example = "issuers: [{ issuer: https://login.example.com, discovery: true, audience: https://api.example.com }]";
const keys: ReadonlySet<unknown> = new Set([
  "issuer",
  "discovery",
  "jwks",
  "audience",
  "clients",
  "algorithms",
  "claims",
  "roles",
  "scopes",
]);
/** No shared secrets, ever: whoever verifies could sign. */
const algorithms: readonly unknown[] = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
  "Ed25519",
];

/** The `issuers` section. */
export function parseIssuers(
  section: unknown,
  surroundings: IssuerSurroundings,
): { issuers: readonly IssuerSetting[]; problems: YamlProblem[] } {
  if (section === undefined || section === null) return { issuers: [], problems: [] };
  if (!Array.isArray(section)) return { issuers: [], problems: [{ at: "issuers", problem: "must be a list of issuers.", example }] };
  const problems: YamlProblem[] = [];
  const seen = new Set<string>([surroundings.ourIssuer]);
  const issuers = section.map((body: unknown, index) => {
    const at = `issuers[${index}]`;
    const complain: Complain = (key, problem) => problems.push({ at: key === "" ? at : `${at}.${key}`, problem, example });
    if (!(body instanceof Map)) return void complain("", "must be a mapping with the keys issuer, discovery or jwks, and audience.");
    const parsed = parseIssuer(body, surroundings, complain);
    if (parsed.issuer === surroundings.ourIssuer) complain("issuer", "is this server's own ISSUER.");
    else if (seen.has(parsed.issuer)) complain("issuer", "is in the list already.");
    seen.add(parsed.issuer);
    return parsed;
  });
  return { issuers: issuers.filter((issuer) => issuer !== undefined), problems };
}

/** What is wrong has a stand-in: with problems nothing of it is used. */
function parseIssuer(body: Section, surroundings: IssuerSurroundings, complain: Complain): IssuerSetting {
  for (const key of body.keys()) if (!keys.has(key)) complain(nameKey(key), "is not a known key.");
  const claims = parseClaims(body.get("claims"), complain);
  const roles = parseRoleMap(body.get("roles"), surroundings.ourRoles, complain);
  const scopes = parseScopeList(body.get("scopes"), complain);
  if (roles !== undefined && claims.roles === undefined) complain("roles", "does nothing without claims.roles.");
  if (scopes !== undefined && claims.scopes === undefined) complain("scopes", "does nothing without claims.scopes.");
  return {
    issuer: parseIssuerUrl(body.get("issuer"), surroundings, complain),
    jwksUrl: parseKeySource(body, surroundings, complain),
    audience: body.get("audience") === undefined && body.has("clients") ? undefined : parseAudience(body.get("audience"), complain),
    clients: parseClients(body.get("clients"), complain),
    algorithms: parseAlgorithms(body.get("algorithms") ?? ["RS256"], complain),
    claims,
    roles,
    scopes,
  };
}

function parseIssuerUrl(written: unknown, { inProduction }: IssuerSurroundings, complain: Complain): string {
  if (typeof written !== "string" || !isWebUrl(written)) {
    complain("issuer", "must be an http:// or https:// URL without query, fragment or credentials.");
    return "";
  }
  if (inProduction && isExposed(written)) complain("issuer", "must be https:// in production, unless it is localhost.");
  return written;
}

function parseKeySource(body: Section, { inProduction }: IssuerSurroundings, complain: Complain): string | undefined {
  const [jwks, discovery] = [body.get("jwks"), body.get("discovery")];
  if (discovery !== undefined && discovery !== true) complain("discovery", "must be true, or be left out where jwks is given.");
  if ((jwks === undefined) === (discovery === undefined)) complain("", "must have either discovery: true or jwks, the URL of its keys.");
  if (jwks === undefined) return undefined;
  if (typeof jwks !== "string" || !isUrlWithQuery(jwks))
    complain("jwks", "must be an http:// or https:// URL without fragment or credentials.");
  else if (inProduction && isExposed(jwks)) complain("jwks", "must be https:// in production, unless it is localhost.");
  return String(jwks);
}

function parseAudience(written: unknown, complain: Complain): string {
  if (typeof written === "string" && /^[\x21-\x7e]{1,255}$/.test(written)) return written;
  complain("audience", "must be 1 to 255 printable ASCII characters without spaces: what its access tokens for you have as aud.");
  return "";
}

function parseClients(written: unknown, complain: Complain): ReadonlySet<string> {
  if (written === undefined) return new Set();
  const fits =
    Array.isArray(written) && written.length > 0 && written.every((each) => typeof each === "string" && /^[\x20-\x7e]{1,255}$/.test(each));
  if (fits) return new Set(written);
  complain("clients", "must be a list of client ids: what its access tokens without aud have as client_id or azp.");
  return new Set();
}

function parseAlgorithms(written: unknown, complain: Complain): readonly string[] {
  const fits = Array.isArray(written) && written.length > 0 && written.every((each) => algorithms.includes(each));
  if (fits) return written;
  complain("algorithms", `must be a list of some of ${algorithms.join(", ")}.`);
  return [];
}

function isExposed(url: string): boolean {
  return isPlainHttp(url) && !isLocalhost(url);
}
