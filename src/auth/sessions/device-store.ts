import type { Transaction } from "../../database/database.ts";
import { knownDevices } from "../../database/tables/known-devices.ts";

/** In the transaction that makes its user: there cannot be another one yet. */
export async function insertFirstDevice(
  tx: Transaction,
  device: { userId: string; fingerprint: Buffer; firstSeenAt: Date },
): Promise<void> {
  await tx.insert(knownDevices).values(device).prepare("insert_first_device").execute();
}
