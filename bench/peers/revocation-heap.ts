import { randomUUID } from "node:crypto";
import { createRevocationMemory, type RevocationMemory } from "../../src/auth/revocations/revocation-memory.ts";

/* What a number of revocations of each kind takes of the heap, in bytes. Usage: node --expose-gc revocation-heap.js <number>. */

const count = Number(process.argv[2]);
const expiresAt = new Date(Date.now() + 900_000);

/** As the driver makes it: `randomUUID` itself returns a string of many parts. */
function readId(): string {
  return Buffer.from(randomUUID()).toString("utf8");
}

function usedBytes(): number {
  if (globalThis.gc === undefined) throw new Error("--expose-gc is missing");
  for (let time = 0; time < 3; time++) globalThis.gc();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

function weigh(kind: "session" | "user"): { bytes: number; memory: RevocationMemory } {
  const before = usedBytes();
  const memory = createRevocationMemory();
  const version = kind === "user" ? 1 : null;
  for (let index = 0; index < count; index++) memory.apply({ kind, subjectId: readId(), version, expiresAt });
  return { bytes: usedBytes() - before, memory };
}

weigh("session");
weigh("user");
const [sessions, users] = [weigh("session"), weigh("user")];
if (sessions.memory.size !== count || users.memory.size !== count) throw new Error("The memory does not hold what it was given.");
process.stdout.write(JSON.stringify({ session: sessions.bytes, user: users.bytes }));
