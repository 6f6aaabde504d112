import { connect } from "node:net";
import { bombs } from "../../tests/support/clients/bombs.ts";
import { type Fleet, type Ground, openFleet } from "../machine/fleet.ts";
import { type Line, openLine } from "../machine/line.ts";
import { processorSeconds } from "../machine/pinning.ts";
import { residentBytes } from "../machine/resident-bytes.ts";
import type { Server } from "../machine/servers.ts";
import type { Verdict } from "../verdicts.ts";

const REPEATS = 50;
const AIM_MILLISECONDS = 50;
const WARM_UP_QUERIES = 3000;
const DISTINCT_DOCUMENTS = 160_000;
const PARALLEL_LINES = 16;
const TEN_MEGABYTES = 10_000_000;
/** As many fields as are allowed, each to be compared with each other one. */
const dearest = `{ ${"me { id } ".repeat(150)} }`;
const PLAIN_QUERY = { query: "{ __typename }" };

/** What it costs the server to refuse what is meant to cost it a lot, and what it keeps of documents that never come twice. */
export async function benchmarkBombs(ground: Ground): Promise<readonly Verdict[]> {
  const fleet = await openFleet(ground);
  const dearest = Math.max(...(await printCosts(fleet, ground)));
  await printGrowth(await fleet.start("documents"), ground);
  const figure = `${dearest.toFixed(2)} ms cpu`;
  return [
    {
      job: "refusing the dearest bomb",
      figure,
      beside: "",
      ratio: "",
      aim: `< ${AIM_MILLISECONDS} ms`,
      isHeld: dearest < AIM_MILLISECONDS,
    },
  ];
}

/** A bomb is cheapest the tenth time, so each first one meets a server that has never seen one. */
async function printCosts(fleet: Fleet, { cleanup }: Ground): Promise<number[]> {
  const server = await fleet.start("bombs");
  const line = openLine(server.url);
  cleanup.add(() => line.close());
  await repeat(WARM_UP_QUERIES, () => line.post(PLAIN_QUERY));
  process.stdout.write(`refusing a bomb: the first answer, and processor time of the server (mean of ${REPEATS})\n`);
  const plain = await cpuMilliseconds(server, () => line.post(PLAIN_QUERY));
  process.stdout.write(`  ${"(a plain query)".padEnd(48)}${" ".repeat(12)}${plain.toFixed(2)} ms\n`);
  const costs: number[] = [];
  for (const { name, query } of bombs) costs.push(await printCost(name, server, () => postRefused(line, query)));
  let number = 0;
  await printCost("(the dearest that is accepted, new each time)", server, () => line.post({ query: `${dearest}#${number++}` }));
  const tooMuch = (headers: readonly string[]) => () => postTooMuch(server, headers);
  costs.push(await printCost("a body of 10 MB", server, tooMuch([`Content-Length: ${TEN_MEGABYTES}`])));
  costs.push(await printCost("a body of 10 MB in chunks", server, tooMuch(["Transfer-Encoding: chunked"])));
  process.stdout.write(`  resident ${megabytes(residentBytes(server))} MB\n\n`);
  return costs;
}

/** Milliseconds of processor time. */
async function printCost(name: string, server: Server, send: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await send();
  const first = performance.now() - start;
  const mean = await cpuMilliseconds(server, send);
  process.stdout.write(`  ${name.padEnd(48)}${first.toFixed(1).padStart(8)} ms ${mean.toFixed(2)} ms\n`);
  return mean;
}

async function cpuMilliseconds({ pid }: Server, send: () => Promise<unknown>): Promise<number> {
  const before = processorSeconds(pid) ?? Number.NaN;
  await repeat(REPEATS, send);
  return (((processorSeconds(pid) ?? Number.NaN) - before) * 1000) / REPEATS;
}

async function postRefused(line: Line, query: string): Promise<void> {
  const { data, errors } = await line.post({ query });
  if (data !== null || errors.length !== 1) throw new Error("A bomb was not refused.");
}

/** Sends on until it is cut off, as somebody would who means it. */
function postTooMuch({ url }: Server, headers: readonly string[]): Promise<void> {
  const isChunked = !headers[0]?.startsWith("Content-Length");
  const piece = "x".repeat(100_000);
  return new Promise((resolve, reject) => {
    let answer = "";
    const socket = connect(Number(new URL(url).port), "127.0.0.1", () => {
      socket.write(["POST /graphql HTTP/1.1", "Host: localhost", "Content-Type: application/json", ...headers, "", ""].join("\r\n"));
      for (let sent = 0; sent < TEN_MEGABYTES; sent += piece.length) socket.write(isChunked ? `186a0\r\n${piece}\r\n` : piece);
    });
    socket.on("data", (chunk) => {
      answer += chunk.toString();
    });
    socket.on("error", () => undefined);
    // The answer may be lost where the connection is reset under what was still being sent.
    socket.on("close", () => (answer === "" || answer.startsWith("HTTP/1.1 413") ? resolve() : reject(new Error(answer))));
  });
}

async function printGrowth(server: Server, { cleanup }: Ground): Promise<void> {
  const lines = Array.from({ length: PARALLEL_LINES }, () => openLine(server.url));
  cleanup.add(() => lines.map((line) => line.close()));
  await Promise.all(lines.map((line) => repeat(WARM_UP_QUERIES / PARALLEL_LINES, () => line.post(PLAIN_QUERY))));
  const readings = [residentBytes(server)];
  let number = 0;
  for (let half = 0; half < 2; half += 1) {
    const each = DISTINCT_DOCUMENTS / 2 / PARALLEL_LINES;
    await Promise.all(lines.map((line) => repeat(each, () => line.post({ query: `{ a${number++}: __typename }` }))));
    readings.push(residentBytes(server));
  }
  const [before, between, after] = readings.map(megabytes);
  process.stdout.write(
    `${DISTINCT_DOCUMENTS} distinct documents: resident ${before} MB, ${between} MB after half of them, ${after} MB\n\n`,
  );
}

async function repeat(times: number, work: () => Promise<unknown>): Promise<void> {
  for (let time = 0; time < times; time += 1) await work();
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(0);
}
