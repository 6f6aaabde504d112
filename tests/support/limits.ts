import { fileURLToPath } from "node:url";

/** A `gateway.yaml` with limits that nobody reaches. */
export const highLimitsFile = fileURLToPath(new URL("./high-limits.yaml", import.meta.url));
