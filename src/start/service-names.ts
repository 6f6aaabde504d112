import type { Config } from "../config/config.ts";

/** How the service is called, as somebody might put it into a password. */
export function serviceNamesOf({ service, http }: Pick<Config, "service" | "http">): readonly string[] {
  return [service.name, new URL(http.publicUrl).hostname];
}
