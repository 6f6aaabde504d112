import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Hooks } from "../../../src/hooks/hooks.ts";

/** A module as an operator writes one, whose hooks a test can exchange while the gateway runs. */
export interface HooksModule {
  readonly path: string;
  /** What the module's functions call. */
  readonly current: Hooks;
  /** With what they were called since the last look. */
  takeCalls(): readonly (readonly [hook: keyof Hooks, argument: unknown])[];
  remove(): Promise<void>;
}

/** In a file of its own, because a process loads a file once. */
export async function writeModule(source: string, name = "hooks.mjs"): Promise<{ path: string; remove(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), "hooks-"));
  const path = join(folder, name);
  await writeFile(path, source);
  return { path, remove: () => rm(folder, { recursive: true }) };
}

export async function writeHooks(names: readonly (keyof Hooks)[]): Promise<HooksModule> {
  const key = `hooks ${randomBytes(8).toString("hex")}`;
  const calls: [keyof Hooks, unknown][] = [];
  const current: Hooks = {};
  const shared = globalThis as unknown as Record<string, unknown>;
  shared[key] = (hook: keyof Hooks, argument: never) => {
    calls.push([hook, argument]);
    return current[hook]?.(argument);
  };
  const source = names.map((name) => `export const ${name} = (argument) => globalThis[${JSON.stringify(key)}]("${name}", argument);`);
  const { path, remove } = await writeModule(source.join("\n"));
  return {
    path,
    current,
    takeCalls: () => calls.splice(0),
    async remove() {
      delete shared[key];
      await remove();
    },
  };
}
