import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { highLimitsFile } from "../../tests/support/limits.ts";
import { type Ground, openFleet } from "../machine/fleet.ts";
import type { GatewayPeer, Peers } from "../machine/peers.ts";
import { LOAD_CORE } from "../machine/pinning.ts";
import { type Server, startPeer } from "../machine/servers.ts";

/** Servers that answer the same operations on the catalogue. */
export interface Entrants {
  readonly gateway: Server;
  /** The upstream itself. */
  readonly direct: Server;
  readonly passThrough: Server;
  readonly mercurius: Server;
  readonly forwarding: Server;
  readonly stitching: Server;
  readonly hiveProxy: Server;
  readonly hiveSupergraph: Server;
}

/** The upstreams stand on the core of the load generator. */
export async function startEntrants(ground: Ground, peers: Peers["gateways"]): Promise<Entrants> {
  const { cleanup, directory } = ground;
  const start = (name: string, peer: GatewayPeer, variables: Record<string, string>, core?: number) =>
    cleanup.hold(startPeer({ name, program: peers[peer], variables, ...(core !== undefined && { core }) }, directory), ({ stop }) =>
      stop(),
    );
  const [products, reviews] = await Promise.all([
    start("products", "catalogue-upstream", { GRAPH: "products" }, LOAD_CORE),
    start("reviews", "catalogue-upstream", { GRAPH: "reviews" }, LOAD_CORE),
  ]);
  const urls = { PRODUCTS_URL: `${products.url}/graphql`, REVIEWS_URL: `${reviews.url}/graphql` };
  const [gateway, direct, passThrough, mercurius, forwarding, stitching, hiveProxy, hiveSupergraph] = await Promise.all([
    startOurs(ground, { products, reviews }),
    start("direct", "catalogue-upstream", { GRAPH: "products" }),
    start("pass-through", "pass-through", urls),
    start("mercurius", "mercurius-gateway", urls),
    start("forwarding", "forwarding-apollo", urls),
    start("stitching", "stitching-apollo", urls),
    start("hive-proxy", "hive-gateway", { ...urls, MODE: "proxy" }),
    start("hive-supergraph", "hive-gateway", { ...urls, MODE: "supergraph" }),
  ]);
  return { gateway, direct, passThrough, mercurius, forwarding, stitching, hiveProxy, hiveSupergraph };
}

/** As in production, with requirements read from the graphs' SDL; who is calling is signed for both, which is the default. */
async function startOurs(ground: Ground, graphs: Readonly<Record<string, Server>>): Promise<Server> {
  const fleet = await openFleet(ground);
  const upstreams = Object.entries(graphs).map(([name, { url }]) => `  - { name: ${name}, url: "${url}/graphql", sdl: { query: _sdl } }`);
  const file = join(ground.directory, "catalogue-gateway.yaml");
  await writeFile(file, `${await readFile(highLimitsFile, "utf8")}upstreams:\n${upstreams.join("\n")}\n`);
  return fleet.start("gateway", { GATEWAY_CONFIG: file });
}
