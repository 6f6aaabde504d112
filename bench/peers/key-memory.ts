import { randomBytes, randomUUID } from "node:crypto";
import { callerKey } from "../../src/auth/limits/callers.ts";
import { createMemoryStore } from "../../src/auth/limits/memory-store.ts";
import { createVerifier } from "../../src/auth/tokens/access-token-verifier.ts";
import type { AccessTokenParts } from "../../src/auth/tokens/access-tokens.ts";
import { sharedSecretKey } from "../../src/auth/tokens/keys/shared-secret-keys.ts";
import { createFixedKeys } from "../../src/auth/tokens/keys/signing-keys.ts";

/*
 * What resident memory grows by when a stranger makes up names: callers for the limits, or tokens for the verifier. Bytes after none,
 * half and all of them. Usage: node --expose-gc key-memory.js callers|tokens <number>.
 */

const [kind, countText] = process.argv.slice(2);
const count = Number(countText);
const WARM_UP = 20_000;

function residentBytes(): number {
  if (globalThis.gc === undefined) throw new Error("--expose-gc is missing");
  for (let time = 0; time < 3; time++) globalThis.gc();
  return process.memoryUsage.rss();
}

/** Half addresses, half users; each calls until it is refused, so that the store would rather keep them. */
function createCallers(): () => void {
  const store = createMemoryStore();
  const limit = { max: 2, windowSeconds: 60 };
  let made = 0;
  return () => {
    made += 1;
    const isUser = made % 2 === 0;
    const address = `2001:db8:${(made >>> 16).toString(16)}:${(made & 0xffff).toString(16)}::1`;
    const caller = callerKey(isUser ? { userId: randomUUID() } : undefined, { ipAddress: address, userAgent: null });
    for (let call = 0; call < 3; call++) store.count([{ key: `Query.me ${caller}`, limit }], Date.now());
  };
}

/** Of the right form in every part, signed by nobody. */
function createForger(): () => Promise<void> {
  const key = sharedSecretKey(randomBytes(48).toString("base64"));
  const options = { issuer: "https://auth.test", audience: "https://auth.test" };
  const verify = createVerifier({ keys: createFixedKeys([key]), revocations: unasked, clock: () => new Date() }, options);
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const header = encode({ alg: key.algorithm, kid: key.kid, typ: "at+jwt" });
  const strangers = encode({ alg: key.algorithm, kid: "another", typ: "at+jwt" });
  let made = 0;
  return async () => {
    made += 1;
    const payload = encode({ iss: options.issuer, aud: options.audience, sub: randomUUID(), exp: 4_000_000_000, type: "access" });
    const token = `${made % 2 === 0 ? header : strangers}.${payload}.${randomBytes(32).toString("base64url")}`;
    if (!("reason" in (await verify(token)))) throw new Error("A forged token was believed.");
  };
}

/** Only genuine tokens are looked up. */
const unasked = {} as AccessTokenParts["revocations"];

async function makeUpMany(makeUp: () => unknown, number: number): Promise<number> {
  for (let index = 0; index < number; index++) await makeUp();
  return residentBytes();
}

const create = () => (kind === "callers" ? createCallers() : createForger());
// The engine has made room for its garbage, and compiled, before anything counts.
await makeUpMany(create(), WARM_UP);
const makeUp = create();
const none = residentBytes();
const half = await makeUpMany(makeUp, count / 2);
const all = await makeUpMany(makeUp, count / 2);
process.stdout.write(JSON.stringify({ none, half, all }));
