import { noClient } from "../../../core/client-info.ts";
import type { Clock } from "../../../core/clock.ts";
import type { Database, Transaction } from "../../../database/database.ts";
import type { Transact } from "../../work/unit-of-work.ts";
import type { PairAlgorithm } from "./key-pairs.ts";
import { createKeyRow, readKeyRow, reencryptedKey, type Secrets, wrongSecret } from "./key-rows.ts";
import { afterPublication, nextActivation, retiredKeys, type ScheduledKey } from "./key-schedule.ts";
import { createLoadedKeys } from "./loaded-keys.ts";
import * as store from "./signing-key-store.ts";
import { canSign, type SigningKeys } from "./signing-keys.ts";

export interface StoredKeysOptions {
  readonly algorithm: PairAlgorithm;
  readonly secrets: Secrets;
  readonly rotationSeconds: number;
}

/** Keys in the database, the same for every process, rotated on a schedule and by command. Call `maintain` before the first use. */
export function createStoredKeys(parts: { database: Database; transact: Transact; clock: Clock }, options: StoredKeysOptions): SigningKeys {
  const { database, transact, clock } = parts;
  const loaded = createLoadedKeys({ database, clock, secrets: options.secrets });
  let isMaintained = false;

  async function tidy(tx: Transaction, rows: readonly store.SigningKeyRow[], keys: readonly ScheduledKey[]): Promise<void> {
    await store.deleteSigningKeys(tx, retiredKeys(keys, clock()));
    for (const row of rows) {
      const reencrypted = reencryptedKey(row, options.secrets);
      if (reencrypted !== undefined) await store.replaceEncryptedKey(tx, row.kid, reencrypted);
    }
  }

  /** One process at a time: `activationOf` judges the keys as they are under the lock, and says when a new one is to sign. */
  async function changeKeys(activationOf: (keys: readonly ScheduledKey[]) => Date | undefined): Promise<void> {
    await transact(noClient, async ({ tx, record }) => {
      await store.lockSigningKeys(tx);
      const rows = await store.findSigningKeys(tx);
      const keys = rows.map((row) => readKeyRow(row, options.secrets));
      if (keys.length > 0 && !keys.some(canSign)) throw wrongSecret();
      await tidy(tx, rows, keys);
      const signsFrom = activationOf(keys);
      if (signsFrom === undefined) return;
      const row = await createKeyRow(options.algorithm, { now: clock(), signsFrom, secrets: options.secrets });
      await store.insertSigningKey(tx, row);
      await record({ type: "SIGNING_KEY_ROTATED", detail: { kid: row.kid, signsFrom: signsFrom.toISOString() } });
    });
    await loaded.load();
  }

  /**
   * At the start a new key is also due where the newest one has another algorithm or cannot be opened. Only then: while
   * processes with the old and the new configuration run side by side, they must not outbid each other.
   */
  function activation(keys: readonly ScheduledKey[]): Date | undefined {
    const newest = keys.at(-1);
    const fits = newest === undefined || (newest.algorithm === options.algorithm && canSign(newest));
    if (!isMaintained && !fits) return afterPublication(clock());
    return nextActivation(keys, { now: clock(), rotationSeconds: options.rotationSeconds });
  }

  /** The first time always: `SECRET` may have changed since the keys were encrypted. */
  function hasWork(): boolean {
    return !isMaintained || activation(loaded.all()) !== undefined || retiredKeys(loaded.all(), clock()).length > 0;
  }

  return {
    signer: loaded.signer,
    find: loaded.find,
    publicJwks: loaded.publicJwks,
    refresh: loaded.loadIfStale,
    async maintain() {
      await loaded.load();
      if (hasWork()) await changeKeys(activation);
      isMaintained = true;
    },
    rotate: () => changeKeys(() => afterPublication(clock())),
  };
}
