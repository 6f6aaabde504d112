import { isId } from "../ids.ts";
import { refuseProblems } from "../input-problems.ts";
import { firstProblem, type Page, type PageRequest, type PageSpan, readAfter, toPage } from "../paging/pages.ts";
import type { AuditEvent } from "./audit-events.ts";
import type { AuditEventFilter, AuditTrailStore } from "./audit-trail-store.ts";

export interface AuditPageRequest extends PageRequest {
  /** Without any `types` it lets nothing through. */
  readonly filter: AuditEventFilter;
}

/** The audit entries, newest first. Who may read them is for the caller to know. */
export interface AuditTrail {
  /** Throws BAD_USER_INPUT. */
  page(request: AuditPageRequest): Promise<Page<AuditEvent>>;
  /** Whatever concerns one account, at most 1,000 entries at once. Throws BAD_USER_INPUT. */
  ofUser(userId: string, request: PageRequest): Promise<Page<AuditEvent>>;
  /** The latest `first` events of each session, in the order of the ids. */
  ofSessions(sessionIds: readonly string[], first: number): Promise<AuditEvent[][]>;
}

const MAXIMUM_OF_USER = 1000;

export function createAuditTrail({ store }: { store: AuditTrailStore }): AuditTrail {
  async function find(filter: AuditEventFilter, span: PageSpan): Promise<Page<AuditEvent>> {
    return toPage(await store.findEvents(filter, { ...span, first: span.first + 1 }), span.first, inOrder);
  }

  return {
    async page(request) {
      const { filter } = request;
      const span = readSpan(request);
      const types = filter.types && [...new Set(filter.types)];
      if (types?.length === 0) return toPage([], span.first, inOrder);
      return find({ ...filter, types }, span);
    },
    ofUser: async (userId, { first, after }) => {
      const { afterKey, problem } = readAfter(after, "audit");
      refuseProblems({ first: firstProblem(first, MAXIMUM_OF_USER), after: problem });
      return find({ userId }, { first, afterKey });
    },
    async ofSessions(sessionIds, first) {
      const events = await store.findEventsOfSessions(sessionIds, first);
      return sessionIds.map((id) => events.get(id) ?? []);
    },
  };
}

const inOrder = { order: "audit", keyOf: (event: AuditEvent) => event.id } as const;

function readSpan({ first, after, filter }: AuditPageRequest): PageSpan {
  const { afterKey, problem } = readAfter(after, "audit");
  refuseProblems({
    first: firstProblem(first),
    after: problem,
    "filter.userId": idProblem(filter.userId),
    "filter.sessionId": idProblem(filter.sessionId),
  });
  return { first, afterKey };
}

function idProblem(id: string | undefined): string | undefined {
  return id === undefined || isId(id) ? undefined : "Is not an id.";
}
