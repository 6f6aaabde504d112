import { spawn } from "node:child_process";
import { createWriteStream, readFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { commandFile } from "../../tests/support/processes/command-line.ts";
import { createDatabaseOn } from "../machine/database.ts";
import type { Ground } from "../machine/fleet.ts";
import { pinnedCommand } from "../machine/pinning.ts";
import { SERVER_CORE } from "../machine/servers.ts";
import type { Verdict } from "../verdicts.ts";

const USERS = 100_000;
/** Enough to have as much garbage at a time as ever: twice as many must not take more memory. */
const FEW = 50_000;
const AIM_SECONDS = 120;
/** Of memory beside what few users take: by how much two runs of one size differ. */
const AIM_MEGABYTES = 50;
const POLL_MILLISECONDS = 20;

interface Run {
  readonly seconds: number;
  /** The most that was resident. */
  readonly peakMegabytes: number;
}

/** How long the command takes to move users in, from its start to its end, and what it holds of them. */
export async function benchmarkImport(ground: Ground): Promise<readonly Verdict[]> {
  const folder = join(ground.directory, "import");
  await mkdir(folder, { recursive: true });
  const { url } = await ground.cleanup.hold(createDatabaseOn(ground.serverUrl), ({ close }) => close());
  const few = await importUsers(await writeUsers(join(folder, "few.ndjson"), { from: USERS, count: FEW }), url, folder);
  const many = await importUsers(await writeUsers(join(folder, "many.ndjson"), { from: 0, count: USERS }), url, folder);
  const output = join(folder, "exported.ndjson");
  const exported = await run(["export-users", "--output", output], url, folder);
  describe(`importing ${FEW} users`, few);
  describe(`importing ${USERS} users`, many);
  describe(`exporting ${USERS + FEW} users`, exported);
  const rate = USERS / many.seconds;
  return [
    {
      job: `importing ${USERS} users`,
      figure: `${many.seconds.toFixed(1)} s, ${rate.toFixed(0)} /s`,
      beside: "",
      ratio: "",
      aim: `< ${AIM_SECONDS} s`,
      isHeld: many.seconds < AIM_SECONDS,
    },
    {
      job: "its memory",
      figure: `${many.peakMegabytes.toFixed(0)} MB`,
      beside: `${FEW} users ${few.peakMegabytes.toFixed(0)} MB`,
      ratio: "",
      aim: `< ${AIM_MEGABYTES} MB more`,
      isHeld: many.peakMegabytes - few.peakMegabytes < AIM_MEGABYTES,
    },
  ];
}

const hashes = [
  "$2b$10$YAYL/ThPxgfOu7TT0aVJAeK/fmZSXOpQzOLWIdynRsoV/0mqXbXM2",
  "$argon2id$v=19$m=19456,t=2,p=1$jZESghBCyFmrNab0HqN0Tg$f4UoLIr2HhekwkfzH74H29E8BDh44lIzXT5DPY9iWok",
  "pbkdf2_sha256$260000$Yk3mPq81sZtL$EvHLZ55xdapMlhWQVGbUyBDf+5topkEAR0tQaHex6wY=",
  null,
];

/** Half an hour between two of them. */
async function writeUsers(path: string, { from, count }: { from: number; count: number }): Promise<string> {
  function* lines(): Generator<string> {
    for (let index = from; index < from + count; index++) {
      const createdAt = new Date(Date.UTC(2010, 0, 1) + index * 1_800_000);
      const passwordHash = hashes[index % hashes.length];
      yield `${JSON.stringify({ email: `User.${index}@example.com`, emailVerified: true, roles: ["user"], createdAt, passwordHash })}\n`;
    }
  }
  await pipeline(Readable.from(lines()), createWriteStream(path));
  return path;
}

function importUsers(path: string, databaseUrl: string, folder: string): Promise<Run> {
  return run(["import-users", path], databaseUrl, folder);
}

/** The built command, on the core of what is measured. */
async function run(words: readonly string[], databaseUrl: string, folder: string): Promise<Run> {
  const [program = "", ...args] = pinnedCommand(SERVER_CORE, [process.execPath, commandFile, ...words]);
  const start = performance.now();
  const env = { PATH: process.env.PATH, DATABASE_URL: databaseUrl, SECRET: "s".repeat(40) };
  const child = spawn(program, args, { cwd: folder, env, stdio: ["ignore", "ignore", "pipe"] });
  let peak = Number.NaN;
  const polling = setInterval(() => {
    peak = peakBytes(child.pid ?? 0) ?? peak;
  }, POLL_MILLISECONDS);
  const [told, code] = await Promise.all([text(child.stderr), new Promise((resolve) => child.once("exit", resolve))]);
  clearInterval(polling);
  if (code !== 0) throw new Error(`The command failed: ${told}`);
  return { seconds: (performance.now() - start) / 1000, peakMegabytes: peak / 1e6 };
}

/** proc(5), which forgets nothing between two looks; undefined where there is none, or no process any more. */
function peakBytes(pid: number): number | undefined {
  try {
    const kilobytes = /VmHWM:\s*(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
  } catch {
    return undefined;
  }
}

function describe(job: string, { seconds, peakMegabytes }: Run): void {
  process.stdout.write(`${job.padEnd(26)}${seconds.toFixed(1).padStart(6)} s, at most ${peakMegabytes.toFixed(0)} MB\n`);
}
