import { type DestinationStream, pino } from "pino";

/**
 * What Linux writes into a pipe in one piece (PIPE_BUF of POSIX): workers share one, and beyond that another's lines may come in between
 * where the pipe is full.
 */
const ONE_PIECE_BYTES = 4096;

/**
 * Standard output, with the lines of one turn of the event loop in few writes: a write for each costs as much as a database statement.
 * Nothing waits for longer, and what ends the process by itself writes first; only a kill can lose the lines of a turn.
 */
export async function createLogDestination({ format }: { format: "json" | "pretty" }): Promise<DestinationStream> {
  const output = pino.destination({ dest: 1, sync: true });
  const write = await chooseWriting(format);
  let lines = "";
  let bytes = 0;

  function flush(): void {
    const written = lines;
    lines = "";
    bytes = 0;
    if (written !== "") output.write(written);
  }

  process.on("exit", flush);
  return {
    write(entry) {
      const line = write(entry);
      const length = Buffer.byteLength(line);
      if (bytes + length > ONE_PIECE_BYTES) flush();
      if (lines === "") setImmediate(flush);
      lines += line;
      bytes += length;
    },
  };
}

async function chooseWriting(format: "json" | "pretty"): Promise<(line: string) => string> {
  if (format === "json") return (line) => line;
  // Loaded where people read, and nowhere else.
  const { createReadableLines } = await import("./readable-lines.ts");
  return createReadableLines({ colors: process.stdout.isTTY && !process.env.NO_COLOR });
}
