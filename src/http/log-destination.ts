import { type DestinationStream, pino } from "pino";

/**
 * Standard output, with the lines of one turn of the event loop in one write: a write for each costs as much as a database statement.
 * Nothing waits for longer, and what ends the process by itself writes first; only a kill can lose the lines of a turn.
 */
export function createLogDestination(): DestinationStream {
  const output = pino.destination({ dest: 1, sync: true });
  let lines = "";

  function flush(): void {
    const written = lines;
    lines = "";
    if (written !== "") output.write(written);
  }

  process.on("exit", flush);
  return {
    write(line) {
      if (lines === "") setImmediate(flush);
      lines += line;
    },
  };
}
