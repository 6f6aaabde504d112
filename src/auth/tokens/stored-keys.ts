import type { Database, Transaction } from "../../database/database.ts";
import type { Audit } from "../audit/audit.ts";
import { addSeconds, type Clock } from "../clock.ts";
import { StartupError } from "../errors.ts";
import type { PairAlgorithm } from "./key-pairs.ts";
import { createKeyRow, readKeyRow, reencryptedKey, type Secrets, type StoredKey } from "./key-rows.ts";
import { nextActivation, retiredKeys } from "./key-schedule.ts";
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
  let keys: readonly StoredKey[] = [];
  let loadedAt = Number.NEGATIVE_INFINITY;
  let loading: Promise<void> | undefined;
  let isMaintained = false;

  async function readKeys(): Promise<void> {
    // A key that was opened once stays open: in a rolling change of `SECRET`, a newer process may have encrypted it anew.
    const opened = new Map(keys.filter((key) => key.signingKey !== undefined).map((key) => [key.kid, key]));
    const rows = await store.findSigningKeys(database);
    keys = rows.map((row) => opened.get(row.kid) ?? readKeyRow(row, options.secrets));
  }

  /** Callers at the same moment share one reading. */
  function load(): Promise<void> {
    loadedAt = clock().getTime();
    loading ??= readKeys().finally(() => {
      loading = undefined;
    });
    return loading;
  }

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
    await load();
  }

  function hasWork(): boolean {
    const now = clock();
    return (
      !isMaintained || nextActivation(keys, { ...options, now }) !== undefined || retiredKeys(keys, { now, retentionSeconds }).length > 0
    );
  }

  return {
    signer() {
      const now = clock();
      const signer = keys.findLast((key) => key.signsFrom <= now && key.signingKey !== undefined);
      if (signer === undefined)
        throw new StartupError("SECRET opens no signing key; put the earlier value back as a second one: SECRET=new,old");
      return signer;
    },
    find: (kid) => keys.find((key) => key.kid === kid),
    publicJwks: () => keys.map((key) => key.publicJwk).filter((jwk) => jwk !== undefined),
    refresh: async () => {
      if (loading !== undefined || clock().getTime() - loadedAt >= 1000) await load();
    },
    async maintain() {
      await load();
      if (hasWork()) await changeKeys((rows) => nextActivation(rows, { ...options, now: clock() }));
      isMaintained = true;
    },
    rotate: () => changeKeys(() => addSeconds(clock(), JWKS_CACHE_SECONDS)),
  };
}
