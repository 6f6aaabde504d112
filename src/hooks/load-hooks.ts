import { pathToFileURL } from "node:url";
import { withDeadline } from "../core/deadline.ts";
import { StartupError } from "../core/errors.ts";
import type { Hooks } from "./hooks.ts";

const names = ["claims", "beforeRegister", "afterLogin", "onSessionEnded"] as const satisfies readonly (keyof Hooks)[];
const LOADING_MILLISECONDS = 10_000;

/** Loads the operator's module, whose own top level runs then. Throws a StartupError that says what is wrong with it. */
export async function loadHooks(path: string): Promise<Hooks> {
  const exported = await importModule(path);
  const unknown = Object.keys(exported).filter((name) => !names.some((known) => known === name));
  const unfit = names.filter((name) => name in exported && typeof exported[name] !== "function");
  const problems = [
    ...unknown.map((name) => `${name} is no hook`),
    ...unfit.map((name) => `${name} is no function`),
    ...(Object.keys(exported).length === 0 ? ["it exports none"] : []),
  ];
  if (problems.length === 0) return exported;
  throw new StartupError(`hooks.module ${path} may export ${names.join(", ")}, all of them functions: ${problems.join("; ")}.`);
}

async function importModule(path: string): Promise<Record<string, unknown>> {
  try {
    // A copy: what the module does to its own exports later changes nothing here.
    return { ...(await withDeadline<Record<string, unknown>>(import(pathToFileURL(path).href), LOADING_MILLISECONDS)) };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : "it throws something that is no error";
    throw new StartupError(`hooks.module cannot be loaded: ${path}: ${reason}`, { cause });
  }
}
