import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openShop, type Shop } from "../graphs/shop.ts";
import { serveInventory, serveShipping } from "../graphs/subgraphs.ts";
import type { CommandResult } from "./command-host.ts";
import { runCommand, runCommandAlone } from "./command-line.ts";

type Subgraph = Awaited<ReturnType<typeof serveInventory>>;

/** Graphs that commands explain, and the folder of their configuration. */
export interface ExplainedShop {
  readonly shop: Shop;
  readonly inventory: Subgraph;
  readonly shipping: Subgraph;
  readonly folder: string;
  configure(text?: string): Promise<void>;
  run(words: readonly string[], env?: Record<string, string>): Promise<CommandResult>;
  /** In a process that has to end by itself. */
  runAlone(words: readonly string[]): Promise<CommandResult>;
  close(): Promise<void>;
}

const rules = 'access: { rules: { Product.price: authenticated, Supplier.name: { scopes: [["suppliers:read"]] } } }\n';

export const roles = 'roles: { buyer: { scopes: ["products:cost"] } }\n';

export async function openExplainedShop(): Promise<ExplainedShop> {
  const [shop, inventory, shipping] = await Promise.all([openShop(), serveInventory(), serveShipping()]);
  const folder = await mkdtemp(join(tmpdir(), "explain-"));

  /** Identity for upstreams takes keys of a server, which commands do not have. */
  function configure(text = `${shop.yaml("identity: {}")}${roles}${rules}`): Promise<void> {
    return writeFile(join(folder, "gateway.yaml"), text);
  }

  /** As in CI: production, without a database, a secret, or whatever else production asks for. */
  const optionsOf = (env: Record<string, string>) => ({ env: { NODE_ENV: "production", ...env }, cwd: folder });
  await configure();
  return {
    shop,
    inventory,
    shipping,
    folder,
    configure,
    run: (words, env = {}) => runCommand(words, optionsOf(env)),
    runAlone: (words) => runCommandAlone(words, optionsOf({})),
    async close() {
      await Promise.all([shop, inventory, shipping].map((each) => each.close()));
      await rm(folder, { recursive: true, force: true });
    },
  };
}
