import { spawn } from "node:child_process";
import { expect, test } from "vitest";

const moduleUrl = new URL("../../dist/telemetry/log-destination.js", import.meta.url).href;
const TURNS = 100;
const LINES_PER_TURN = 200;

/** Writes numbered lines, many in each turn of its event loop. */
const writer = `
  import { createLogDestination } from ${JSON.stringify(moduleUrl)};
  const destination = await createLogDestination({ format: "json" });
  const turn = (left) => {
    for (let line = 0; line < ${LINES_PER_TURN}; line += 1)
      destination.write(JSON.stringify({ process: process.argv[1], left, line, more: "é".repeat(60) }) + "\\n");
    if (left > 1) setImmediate(turn, left - 1);
  };
  turn(${TURNS});`;

/** What comes out of one pipe that several writers share, as workers share their standard output, and that is read with breaks. */
async function readSharedPipe(writers: readonly string[]): Promise<string[]> {
  const all = writers.map((name) => `"$0" --input-type=module -e "$1" ${name} &`).join(" ");
  // What Node gives its children is a pair of sockets, hence the shell's own pipe.
  const child = spawn("sh", ["-c", `(${all} wait) | cat`, process.execPath, writer], { stdio: ["ignore", "pipe", "inherit"] });
  const chunks: Buffer[] = [];
  for await (const chunk of child.stdout) {
    chunks.push(chunk);
    await new Promise((resolve) => setImmediate(resolve));
  }
  return Buffer.concat(chunks).toString().trimEnd().split("\n");
}

test("the log lines of several processes on one pipe are all there, none torn by another, however slowly they are read", async () => {
  const writers = ["one", "two", "three"];
  const lines = await readSharedPipe(writers);
  const read = lines.map((line) => JSON.parse(line) as { process: string; left: number; line: number });
  for (const writer of writers) {
    const own = read.filter((line) => line.process === writer).map(({ left, line }) => (TURNS - left) * LINES_PER_TURN + line);
    expect(own).toEqual(Array.from({ length: TURNS * LINES_PER_TURN }, (_, index) => index));
  }
});
