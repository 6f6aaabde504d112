import type { Clock } from "../../../core/clock.ts";
import type { Database } from "../../../database/database.ts";
import { readKeyRow, type Secrets, wrongSecret } from "./key-rows.ts";
import { type ScheduledKey, signerAt } from "./key-schedule.ts";
import { findSigningKeys } from "./signing-key-store.ts";
import { canSign, type SigningKeys } from "./signing-keys.ts";

/** A stranger's tokens name keys that do not exist: they cause one reading in this time, whatever their number. */
const STALE_AFTER_MILLISECONDS = 1000;

/** The stored keys in memory, sorted by `signsFrom`. */
export interface LoadedKeys extends Pick<SigningKeys, "signer" | "find" | "publicJwks"> {
  all(): readonly ScheduledKey[];
  load(): Promise<void>;
  loadIfStale(): Promise<void>;
}

export function createLoadedKeys(parts: { database: Database; clock: Clock; secrets: Secrets }): LoadedKeys {
  const { database, clock, secrets } = parts;
  let keys: ReadonlyMap<string, ScheduledKey> = new Map();
  let loadedAt = Number.NEGATIVE_INFINITY;
  let loading: Promise<void> | undefined;

  async function read(): Promise<void> {
    const rows = await findSigningKeys(database);
    // A key that was opened once stays open: in a rolling change of `SECRET`, a newer process may have encrypted it anew.
    const opened = rows.map((row) => {
      const known = keys.get(row.kid);
      return known !== undefined && canSign(known) ? known : readKeyRow(row, secrets);
    });
    keys = new Map(opened.map((key) => [key.kid, key]));
  }

  /** Readings take turns: one that began before a change must not overwrite what was read after it. */
  async function load(): Promise<void> {
    loadedAt = clock().getTime();
    const reading = (loading ?? Promise.resolve()).catch(() => undefined).then(read);
    loading = reading;
    await reading;
  }

  return {
    all: () => [...keys.values()],
    find: (kid) => keys.get(kid),
    signer() {
      const signer = signerAt([...keys.values()].filter(canSign), clock());
      if (signer === undefined) throw wrongSecret();
      return signer;
    },
    publicJwks: () => [...keys.values()].map((key) => key.publicJwk).filter((jwk) => jwk !== undefined),
    load,
    async loadIfStale() {
      if (clock().getTime() - loadedAt >= STALE_AFTER_MILLISECONDS) return load();
      await loading;
    },
  };
}
