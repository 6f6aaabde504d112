import type { Transaction } from "../../../database/database.ts";
import { knownDevices } from "../../../database/tables/known-devices.ts";

/** In the transaction that opens a session: the first one of a user, or one of which they are told anyway. */
export async function insertDevice(tx: Transaction, device: { userId: string; fingerprint: Buffer; firstSeenAt: Date }): Promise<void> {
  await tx.insert(knownDevices).values(device).onConflictDoNothing().prepare("insert_device").execute();
}
