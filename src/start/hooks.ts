import type { Logger } from "pino";
import type { AccountHooks } from "../auth/accounts/registration/account-hooks.ts";
import type { AuditEvent } from "../auth/audit/audit-events.ts";
import type { Config } from "../config/config.ts";
import { createDecidingHooks, type HookOptions } from "../hooks/deciding-hooks.ts";
import { loadHooks } from "../hooks/load-hooks.ts";
import { createNotifiedHooks } from "../hooks/notified-hooks.ts";

export interface OpenHooks {
  readonly deciding: AccountHooks;
  /** Takes every event after its commit. */
  heed(event: AuditEvent): void;
  stop(): Promise<void>;
}

/** The module that gateway.yaml names, loaded; nothing without one. */
export async function openHooks({ hooks: config, roles }: Pick<Config, "hooks" | "roles">, logger: Logger): Promise<OpenHooks> {
  if (config === undefined) return { deciding: {}, heed: () => undefined, stop: () => Promise.resolve() };
  const hooks = await loadHooks(config.module);
  const options: HookOptions = {
    timeoutMilliseconds: config.timeoutMilliseconds,
    onProblem: ({ hook, error }) => logger.error({ err: error, hook }, "a hook failed"),
  };
  const notified = createNotifiedHooks(hooks, options);
  const grantable = new Set([...roles.keys()].filter((role) => role !== "admin"));
  return {
    deciding: createDecidingHooks(hooks, { ...options, grantable }),
    heed: notified.heed,
    stop: notified.stop,
  };
}
