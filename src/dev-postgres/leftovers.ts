import { readdir, readFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

/**
 * Data kept elsewhere for this folder by earlier starts, which its link leads to no more. Told and never deleted: a folder that was moved
 * away has taken its link along, and lives on them.
 */
export async function findLeftovers({ data, directory }: { data: string; directory: string }): Promise<string[]> {
  const folder = dirname(data);
  if (folder === directory) return [];
  const [owner = ""] = basename(data).split("-");
  const names = (await readdir(folder)).filter((name) => name.startsWith(`${owner}-`) && name.endsWith(".origin"));
  const others = names.map((name) => join(folder, basename(name, ".origin"))).filter((path) => path !== data);
  const origins = await Promise.all(others.map((path) => readFile(`${path}.origin`, "utf8").catch(() => "")));
  return others.filter((_path, index) => origins[index]?.trim() === directory);
}
