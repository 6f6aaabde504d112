import { randomUUID } from "node:crypto";
import { and, eq, sql } from "drizzle-orm";
import type { Revocable } from "../../../src/auth/revocations/revocation.ts";
import { insertRevocation } from "../../../src/auth/revocations/revocation-store.ts";
import type { Database, Transaction } from "../../../src/database/database.ts";
import { sessions } from "../../../src/database/tables/sessions.ts";
import { users } from "../../../src/database/tables/users.ts";

/** A user with one session, of which either the session or the user's version can be revoked, as the domain does it. */
export interface Subject {
  /** Of what is revoked. */
  readonly id: string;
  readonly kind: "session" | "user";
  readonly token: Revocable;
  revoke(tx: Transaction): Promise<void>;
}

export async function createSubjects(database: Database, count: number): Promise<Subject[]> {
  const now = new Date();
  const later = new Date(now.getTime() + 3_600_000);
  const subjects = Array.from({ length: count }, (_, index) => createSubject(index % 2 === 0 ? "session" : "user", later));
  await database.insert(users).values(
    subjects.map(({ token: { userId } }) => ({
      id: userId,
      email: userId,
      emailKey: userId,
      passwordHash: "",
      roles: ["user"],
      createdAt: now,
    })),
  );
  const hashes = { familyHash: Buffer.alloc(1), currentHash: Buffer.alloc(1) };
  const times = { createdAt: now, lastUsedAt: now, idleExpiresAt: later, expiresAt: later, accessExpiresAt: later };
  await database.insert(sessions).values(subjects.map(({ token }) => ({ id: token.sessionId, userId: token.userId, ...hashes, ...times })));
  return subjects;
}

function createSubject(kind: Subject["kind"], expiresAt: Date): Subject {
  const token = { userId: randomUUID(), sessionId: randomUUID(), version: 1 };
  const id = kind === "session" ? token.sessionId : token.userId;
  return {
    id,
    kind,
    token,
    async revoke(tx) {
      const now = new Date();
      if (kind === "session")
        await tx
          .update(sessions)
          .set({ endedAt: now })
          .where(and(eq(sessions.userId, token.userId), eq(sessions.id, id)));
      else
        await tx
          .update(users)
          .set({ version: sql`${users.version} + 1` })
          .where(eq(users.id, id));
      await insertRevocation(tx, { kind, subjectId: id, version: kind === "user" ? 2 : null, expiresAt }, now);
    },
  };
}
