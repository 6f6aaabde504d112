import { spawn } from "node:child_process";
import { once } from "node:events";
import { createClient, dataOf } from "../tests/support/client.ts";
import { applyLoad, type Caller, type Round } from "./machine/load.ts";
import { pinnedCommand } from "./machine/pinning.ts";
import { SERVER_CORE, type Server } from "./machine/servers.ts";
import { type BenchmarkUser, inTurn, logIn, openPeerSession, type Tokens } from "./machine/users.ts";
import type { Scenario } from "./rounds.ts";

export const scenarioNames = ["token", "row", "login", "refresh"] as const;
export type ScenarioName = (typeof scenarioNames)[number];

/** The documents are constants, as those of clients in production are. */
export const tokenQuery = "query MeFromToken { me { id email roles } }";
export const rowQuery = "query Me { me { id email emailVerified roles status createdAt } }";
export const loginMutation =
  "mutation Login($input: LoginInput!) { login(input: $input) { accessToken tokenType expiresIn refreshToken } }";
const refreshMutation =
  "mutation Refresh($input: RefreshInput) { refresh(input: $input) { accessToken tokenType expiresIn refreshToken } }";
/** Enough to keep the hashing busy; more would only wait longer. */
const LOGIN_CONNECTIONS = 8;

export interface Arena {
  readonly gateway: Server;
  readonly peer: Server;
  /** The compiled program. */
  readonly rawArgon2: string;
  readonly users: readonly BenchmarkUser[];
}

export function createScenarios(arena: Arena): (Scenario & { readonly name: ScenarioName })[] {
  return [queryScenario("token", tokenQuery, arena), queryScenario("row", rowQuery, arena), loginScenario(arena), refreshScenario(arena)];
}

function queryScenario<Name extends ScenarioName>(name: Name, query: string, { gateway, peer, users }: Arena) {
  const openPeerTokens = sharing(() => inTurn(users, async (user) => (await openPeerSession(peer.url, user)).accessToken));
  const gatewayTokens = users.map((user) => user.accessToken);
  return {
    name,
    ours: contestant("gateway", gateway, () => inTurn(gatewayTokens, (token) => queryCaller(gateway, query, token))),
    other: contestant("bare Apollo", peer, async () => inTurn(await openPeerTokens(), (token) => queryCaller(peer, query, token))),
  };
}

function loginScenario({ gateway, rawArgon2, users }: Arena) {
  const callers = users.slice(0, LOGIN_CONNECTIONS).map(loginCaller);
  return {
    name: "login" as const,
    ours: contestant("gateway", gateway, async () => callers),
    other: { name: "raw argon2id", measure: (seconds: number) => measureRawHashing(rawArgon2, seconds) },
  };
}

/** New sessions for every round: what the last one left in flight when it was cut off is nobody's to continue. */
function refreshScenario({ gateway, peer, users }: Arena) {
  return {
    name: "refresh" as const,
    ours: contestant("gateway", gateway, () => inTurn(users, async (user) => refreshCaller(await logIn(gateway.url, user)))),
    other: contestant("bare UPDATE", peer, () => inTurn(users, async (user) => refreshCaller(await openPeerSession(peer.url, user)))),
  };
}

export function contestant(name: string, server: Server, openCallers: () => Promise<readonly Caller[]>) {
  return { name, measure: async (seconds: number) => applyLoad(server, await openCallers(), seconds) };
}

/** The first answer is looked at; all others have to be the same to the letter. */
export async function queryCaller(server: Server, query: string, token: string): Promise<Caller> {
  const body = { query };
  const reply = await createClient(server.url).post(body, { token });
  if (dataOf(reply).me === null) throw new Error(`The first answer is wrong: ${reply.text}`);
  const bodyText = JSON.stringify(body);
  return {
    token,
    body: bodyText,
    next: (answer) => (answer.endsWith(reply.text.trimEnd()) || answer.endsWith(reply.text) ? bodyText : undefined),
  };
}

function loginCaller({ email, password }: BenchmarkUser): Caller {
  const body = JSON.stringify({ query: loginMutation, variables: { input: { email, password } } });
  return { body, next: (answer) => (answer.includes('{"data":{"login":{"accessToken":"ey') ? body : undefined) };
}

/** Every answer's token is the next request's. */
function refreshCaller({ refreshToken }: Tokens): Caller {
  let current = refreshToken;
  return {
    body: refreshBody(current),
    next(answer) {
      const successor = successorIn(answer);
      if (successor === undefined || successor === current) return undefined;
      current = successor;
      return refreshBody(successor);
    },
  };
}

export function refreshBody(refreshToken: string): string {
  return JSON.stringify({ query: refreshMutation, variables: { input: { refreshToken } } });
}

/** Undefined where the answer is wrong. */
export function successorIn(answer: string): string | undefined {
  return answer.includes('"errors"') ? undefined : /"refreshToken":"([^"]+)"/.exec(answer)?.[1];
}

/**
 * What the core can hash when it does nothing else; or, standing back for whatever else there is, what the hashing threads of a server
 * take.
 */
export async function measureRawHashing(compiled: string, seconds: number, { standsBack = false } = {}): Promise<Round> {
  const command = [process.execPath, compiled, String(seconds)];
  const [program = "", ...args] = pinnedCommand(SERVER_CORE, standsBack ? ["nice", "-n", "19", ...command] : command);
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "inherit"] });
  const exited = once(child, "exit");
  let output = "";
  for await (const chunk of child.stdout) output += chunk;
  if ((await exited)[0] !== 0) throw new Error(`The raw hashing peer failed: ${output}`);
  return JSON.parse(output) as Round;
}

function sharing<Result>(work: () => Promise<Result>): () => Promise<Result> {
  let result: Promise<Result> | undefined;
  return () => {
    result ??= work();
    return result;
  };
}
