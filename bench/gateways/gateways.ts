import type { Ground } from "../machine/fleet.ts";
import { applyLoad } from "../machine/load.ts";
import type { Peers } from "../machine/peers.ts";
import type { Server } from "../machine/servers.ts";
import { registerUsers } from "../machine/users.ts";
import { measureInTurn } from "../rounds.ts";
import type { Verdict } from "../verdicts.ts";
import { type CatalogueOperation, catalogueCaller, checkSameAnswers, overOne, overTwo, withDenied } from "./catalogue-operations.ts";
import { startEntrants } from "./gateway-entrants.ts";
import { judgeStandings, printStandings, type Standing } from "./gateway-standings.ts";

const CONNECTIONS = 32;
/** There are many to measure. */
const SHARE_OF_SECONDS = 1 / 3;
/** Of what stitching can do. */
const ONE_GRAPH_AIM = 2;

interface GatewaysOptions extends Pick<Peers, "gateways"> {
  readonly rounds: number;
  readonly seconds: number;
}

interface Race extends Omit<GatewaysOptions, "gateways"> {
  readonly tokens: readonly string[];
}

type Entrant = readonly [name: string, server: Server];

/**
 * The same operations on graphs behind this gateway and behind others, to which nobody says who is calling, and which ask for nothing and
 * tell the graphs nothing. The first of each race is the 1.0 of its ratios.
 */
export async function benchmarkGateways(ground: Ground, { gateways, rounds, seconds }: GatewaysOptions): Promise<readonly Verdict[]> {
  const entrants = await startEntrants(ground, gateways);
  const gateway: Entrant = ["gateway", entrants.gateway];
  const stitching: Entrant = ["Apollo, stitching", entrants.stitching];
  const users = await registerUsers(entrants.gateway.url, CONNECTIONS);
  const options = { rounds, seconds: Math.max(1, Math.round(seconds * SHARE_OF_SECONDS)), tokens: users.map((user) => user.accessToken) };
  const ofOne = await race(overOne, options, [
    ["pass-through", entrants.passThrough],
    ["direct", entrants.direct],
    gateway,
    ["Mercurius gateway", entrants.mercurius],
    ["Apollo, forwarding", entrants.forwarding],
    stitching,
    ["Hive, proxy", entrants.hiveProxy],
  ]);
  await race(withDenied, options, [gateway]);
  const ofTwo = await race(overTwo, options, [stitching, gateway, ["Hive, supergraph", entrants.hiveSupergraph]]);
  const [name, other] = [gateway[0], stitching[0]];
  return [
    judgeStandings("20 items of one graph", ofOne, { name, other, aim: ONE_GRAPH_AIM }),
    judgeStandings("20 items of one graph", ofOne, { name, other: "Mercurius gateway", aim: 1 }),
    judgeStandings("20 items of two graphs", ofTwo, { name, other, aim: 1 }),
  ];
}

async function race(
  operation: CatalogueOperation,
  { tokens, ...options }: Race,
  entrants: readonly Entrant[],
): Promise<readonly Standing[]> {
  await checkSameAnswers(
    operation,
    entrants.map(([, server]) => server),
    tokens[0],
  );
  const contestants = entrants.map(([name, server]) => ({
    name,
    measure: (seconds: number) =>
      applyLoad(
        server,
        tokens.map((token, index) => catalogueCaller(operation, index, token)),
        seconds,
      ),
  }));
  const measured = await measureInTurn(contestants, options);
  const standings = entrants.map(([name], index) => ({ name, rounds: measured[index] ?? [] }));
  printStandings(operation.name, standings);
  return standings;
}
