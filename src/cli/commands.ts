import type { Command } from "./command.ts";
import { createAdmin } from "./create-admin.ts";
import { endAllSessions } from "./end-all-sessions.ts";
import { explain } from "./explain.ts";
import { exportUsers } from "./export-users.ts";
import { importUsers } from "./import-users.ts";
import { migrate } from "./migrate.ts";
import { printAccess } from "./print-access.ts";
import { printSchema } from "./print-schema.ts";
import { rotateKeys } from "./rotate-keys.ts";
import { serve } from "./serve.ts";
import { setPassword } from "./set-password.ts";
import { unlock } from "./unlock.ts";

/** In the order of the help. */
export const commands: readonly Command[] = [
  serve,
  createAdmin,
  setPassword,
  unlock,
  endAllSessions,
  importUsers,
  exportUsers,
  rotateKeys,
  migrate,
  printSchema,
  explain,
  printAccess,
];
