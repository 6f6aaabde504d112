import type { Command } from "./command.ts";

/** By name, in the order of the help. Each is loaded when it is asked for: some bring all of the server along. */
const loaders: Readonly<Record<string, () => Promise<Command>>> = {
  serve: async () => (await import("./serve.ts")).serve,
  "create-admin": async () => (await import("./create-admin.ts")).createAdmin,
  "set-password": async () => (await import("./set-password.ts")).setPassword,
  unlock: async () => (await import("./unlock.ts")).unlock,
  "end-all-sessions": async () => (await import("./end-all-sessions.ts")).endAllSessions,
  "import-users": async () => (await import("./import-users.ts")).importUsers,
  "export-users": async () => (await import("./export-users.ts")).exportUsers,
  "rotate-keys": async () => (await import("./rotate-keys.ts")).rotateKeys,
  migrate: async () => (await import("./migrate.ts")).migrate,
  "print-schema": async () => (await import("./print-schema.ts")).printSchema,
  explain: async () => (await import("./explain.ts")).explain,
  "print-access": async () => (await import("./print-access.ts")).printAccess,
};

/** The one that the words of a command line are about; all of them where they are about none. */
export async function loadCommands(words: readonly string[]): Promise<readonly Command[]> {
  const name = words.find((word) => word !== "help") ?? "";
  const load = Object.hasOwn(loaders, name) ? loaders[name] : undefined;
  return load === undefined ? Promise.all(Object.values(loaders).map((each) => each())) : [await load()];
}
