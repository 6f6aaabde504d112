import type postgres from "postgres";

/** What clients were told, to be compared with what is there afterwards. */
export interface Ledger {
  registered(user: { id: string; sessionId: string }): void;
  loggedIn(session: { id: string }): void;
  /** That a token was spent, and what was given for it. */
  rotated(sessionId: string, spent: string, successor: string): void;
  loggedOut(sessionId: string): void;
  /** Undefined: sent, and nobody knows what became of it. */
  rolesSet(userId: string, roles: readonly string[] | undefined): void;
  readonly counts: LedgerCounts;
  /** What is missing or was given twice; empty where all is well. */
  compare(sql: postgres.Sql): Promise<string[]>;
}

export interface LedgerCounts {
  registrations: number;
  logins: number;
  rotations: number;
  logouts: number;
  roleChanges: number;
}

export function createLedger(): Ledger {
  const counts = { registrations: 0, logins: 0, rotations: 0, logouts: 0, roleChanges: 0 };
  const users = new Set<string>();
  const sessions = new Set<string>();
  const rotations = new Map<string, number>();
  const successors = new Map<string, Set<string>>();
  const ended = new Set<string>();
  const roles = new Map<string, readonly string[] | undefined>();

  async function compareSessions(sql: postgres.Sql): Promise<string[]> {
    const rows = await sql`
      select sessions.id, generation, ended_at is not null as ended,
        (select count(*)::int from audit_events where session_id = sessions.id and type = 'TOKEN_REFRESHED') as audited
      from sessions`;
    const kept = new Map(rows.map((row) => [row.id as string, row]));
    return [...sessions].flatMap((id) => {
      const row = kept.get(id);
      if (row === undefined) return [`session ${id} is lost`];
      const acknowledged = rotations.get(id) ?? 0;
      return [
        ...(row.generation < acknowledged ? [`session ${id} lost ${acknowledged - row.generation} rotations`] : []),
        ...(row.generation === row.audited ? [] : [`session ${id} rotated ${row.generation} times, by the audit ${row.audited} times`]),
        ...(ended.has(id) && !row.ended ? [`session ${id} lives in spite of its logout`] : []),
      ];
    });
  }

  async function compareUsers(sql: postgres.Sql): Promise<string[]> {
    const rows = await sql`
      select id, roles, (select count(*)::int from audit_events where user_id = users.id and type = 'REGISTERED') as audited from users`;
    const kept = new Map(rows.map((row) => [row.id as string, row]));
    return [...users].flatMap((id) => {
      const row = kept.get(id);
      if (row === undefined) return [`user ${id} is lost`];
      const wanted = roles.get(id);
      return [
        ...(row.audited === 1 ? [] : [`user ${id} has ${row.audited} registrations in the audit`]),
        ...(wanted === undefined || String(wanted) === String(row.roles) ? [] : [`user ${id} lost a change of roles`]),
      ];
    });
  }

  return {
    counts,
    registered({ id, sessionId }) {
      counts.registrations += 1;
      users.add(id);
      sessions.add(sessionId);
    },
    loggedIn({ id }) {
      counts.logins += 1;
      sessions.add(id);
    },
    rotated(sessionId, spent, successor) {
      const given = successors.get(spent) ?? new Set();
      if (given.size === 0) {
        counts.rotations += 1;
        rotations.set(sessionId, (rotations.get(sessionId) ?? 0) + 1);
      }
      successors.set(spent, given.add(successor));
    },
    loggedOut(sessionId) {
      counts.logouts += 1;
      ended.add(sessionId);
    },
    rolesSet(userId, wanted) {
      if (wanted !== undefined) counts.roleChanges += 1;
      roles.set(userId, wanted);
    },
    async compare(sql) {
      const forked = [...successors.values()]
        .filter((given) => given.size > 1)
        .map(() => "a token was spent twice, for different successors");
      return [...forked, ...(await compareSessions(sql)), ...(await compareUsers(sql))];
    },
  };
}
