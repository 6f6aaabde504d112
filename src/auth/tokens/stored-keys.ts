import type { Database, Transaction } from "../../database/database.ts";
import type { Audit } from "../audit/audit.ts";
import { addSeconds, type Clock } from "../clock.ts";
import type { PairAlgorithm } from "./key-pairs.ts";
import { createKeyRow, reencryptedKey, type Secrets } from "./key-rows.ts";
import { nextActivation, retiredKeys } from "./key-schedule.ts";
import { createLoadedKeys } from "./loaded-keys.ts";
import * as store from "./signing-key-store.ts";
import { JWKS_CACHE_SECONDS, type SigningKeys } from "./signing-keys.ts";

/** A process that could not read the database for a while signs with the old key for longer: keep it that much longer too. */
const RETENTION_SLACK_SECONDS = 3600;
const nowhere = { ipAddress: null, userAgent: null };

export interface StoredKeysOptions {
  readonly algorithm: PairAlgorithm;
  readonly secrets: Secrets;
  readonly rotationSeconds: number;
  readonly accessTokenTtlSeconds: number;
}

/** Keys in the database, the same for every process, rotated on a schedule and by command. Call `maintain` before the first use. */
export function createStoredKeys(parts: { database: Database; audit: Audit; clock: Clock }, options: StoredKeysOptions): SigningKeys {
  const { database, audit, clock } = parts;
  const retentionSeconds = options.accessTokenTtlSeconds + RETENTION_SLACK_SECONDS;
  const loaded = createLoadedKeys({ database, clock, secrets: options.secrets });
  let isMaintained = false;

  async function tidy(tx: Transaction, rows: readonly store.SigningKeyRow[]): Promise<void> {
    await store.deleteSigningKeys(tx, retiredKeys(rows, { now: clock(), retentionSeconds }));
    for (const row of rows) {
      const reencrypted = reencryptedKey(row, options.secrets);
      if (reencrypted !== undefined) await store.replaceEncryptedKey(tx, row.kid, reencrypted);
    }
  }

  /** One process at a time: `activationOf` judges the keys as they are under the lock, and says when a new one is to sign. */
  async function changeKeys(activationOf: (rows: readonly store.SigningKeyRow[]) => Date | undefined): Promise<void> {
    await audit.transaction(nowhere, async (tx, record) => {
      await store.lockSigningKeys(tx);
      const rows = await store.findSigningKeys(tx);
      await tidy(tx, rows);
      const signsFrom = activationOf(rows);
      if (signsFrom === undefined) return;
      const row = await createKeyRow(options.algorithm, { now: clock(), signsFrom, secrets: options.secrets });
      await store.insertSigningKey(tx, row);
      await record({ type: "SIGNING_KEY_ROTATED", detail: { kid: row.kid, signsFrom: signsFrom.toISOString() } });
    });
    await loaded.load();
  }

  /** The first time always: `SECRET` may have changed since the keys were encrypted. */
  function hasWork(): boolean {
    const now = clock();
    const isKeyDue = nextActivation(loaded.all(), { ...options, now }) !== undefined;
    return !isMaintained || isKeyDue || retiredKeys(loaded.all(), { now, retentionSeconds }).length > 0;
  }

  return {
    signer: loaded.signer,
    find: loaded.find,
    publicJwks: loaded.publicJwks,
    refresh: loaded.loadIfStale,
    async maintain() {
      await loaded.load();
      if (hasWork()) await changeKeys((rows) => nextActivation(rows, { ...options, now: clock() }));
      isMaintained = true;
    },
    rotate: () => changeKeys(() => addSeconds(clock(), JWKS_CACHE_SECONDS)),
  };
}
