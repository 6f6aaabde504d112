import type { Command } from "./parts/command.ts";

/** By name, in the order of the help. Each is loaded when it is asked for: some bring all of the server along. */
const loaders: Readonly<Record<string, () => Promise<Command>>> = {
  serve: async () => (await import("./commands/serve.ts")).serve,
  "create-admin": async () => (await import("./commands/create-admin.ts")).createAdmin,
  "set-password": async () => (await import("./commands/set-password.ts")).setPassword,
  unlock: async () => (await import("./commands/unlock.ts")).unlock,
  "end-all-sessions": async () => (await import("./commands/end-all-sessions.ts")).endAllSessions,
  "import-users": async () => (await import("./commands/import-users.ts")).importUsers,
  "export-users": async () => (await import("./commands/export-users.ts")).exportUsers,
  "rotate-keys": async () => (await import("./commands/rotate-keys.ts")).rotateKeys,
  migrate: async () => (await import("./commands/migrate.ts")).migrate,
  spread: async () => (await import("./commands/spread.ts")).spread,
  "print-schema": async () => (await import("./commands/print-schema.ts")).printSchema,
  explain: async () => (await import("./commands/explain.ts")).explain,
  "print-access": async () => (await import("./commands/print-access.ts")).printAccess,
};

/** The one that the words of a command line are about; all of them where they are about none. */
export async function loadCommands(words: readonly string[]): Promise<readonly Command[]> {
  const name = words.find((word) => word !== "help") ?? "";
  const load = Object.hasOwn(loaders, name) ? loaders[name] : undefined;
  return load === undefined ? Promise.all(Object.values(loaders).map((each) => each())) : [await load()];
}
