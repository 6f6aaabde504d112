import type { Auth } from "../auth/auth.ts";
import { MAINTENANCE_SECONDS } from "../auth/tokens/keys/signing-keys.ts";
import type { RunningOutbox } from "./messages/outbox.ts";
import type { Chore } from "./upkeep/upkeep.ts";

const FORGET_SECONDS = 60;
const PURGE_SECONDS = 300;
const ERASURE_SECONDS = 60;
const COUNT_SECONDS = 15;
const MARKING_SECONDS = 5;
const ROLES_SECONDS = 3600;

/** What a server does beside answering, and how often. */
export function choresOf(auth: Auth, outbox: RunningOutbox, checkRoles: Chore["run"]): Chore[] {
  return [
    { name: "outbox", everySeconds: COUNT_SECONDS, run: outbox.countPending },
    { name: "signing keys", everySeconds: MAINTENANCE_SECONDS, run: () => auth.signingKeys.maintain() },
    { name: "expired revocations", everySeconds: FORGET_SECONDS, isLocal: true, run: async () => auth.revocations.forgetExpired() },
    { name: "ended sessions", everySeconds: MARKING_SECONDS, run: auth.markEndedSessions },
    { name: "purge", everySeconds: PURGE_SECONDS, run: auth.purge },
    { name: "account erasure", everySeconds: ERASURE_SECONDS, run: auth.accountLife.eraseAccounts },
    { name: "removed roles", everySeconds: ROLES_SECONDS, isDoneFirst: true, run: checkRoles },
  ];
}
