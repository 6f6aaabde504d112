import type { Command } from "../parts/command.ts";

export const serve: Command = {
  name: "serve",
  arguments: [],
  flags: {},
  summary: "Serves, until it is told to stop.",
  description: "What `npm start` does in a checkout: in development with a PostgreSQL of its own, whose data are in .data/ of this folder.",
  takesPassword: false,
  async run() {
    // The other commands do not wait for what a server loads.
    const { serve: start } = await import("../../start/process/serve.ts");
    await start();
    return "";
  },
};
