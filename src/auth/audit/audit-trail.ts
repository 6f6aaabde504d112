import { addSeconds, CLOCK_SKEW_SECONDS, type Clock } from "../../core/clock.ts";
import { isId } from "../../core/ids.ts";
import { refuseProblems } from "../../core/input-problems.ts";
import { parseIpAddress } from "../../core/ip-addresses.ts";
import { firstProblem, type Page, type PageRequest, type PageSpan, readAfter, toPage } from "../paging/pages.ts";
import type { AuditEvent, AuditEventType } from "./audit-events.ts";
import type { AuditEventFilter, AuditTrailStore, WithheldRefreshes } from "./audit-trail-store.ts";

export interface AuditPageRequest extends PageRequest {
  /** Without any `types` it lets nothing through. The address in any spelling. */
  readonly filter: Omit<AuditEventFilter, "ipAddresses"> & { readonly ipAddress?: string | undefined };
}

/**
 * The audit events, newest first. Who may read them is for the caller to know. `asking` is the session that asks: of its own refreshes it
 * is told once they are too old for the old token to be answered, or whoever has a copy of its tokens would learn when to present that.
 */
export interface AuditTrail {
  /** Throws BAD_USER_INPUT. */
  page(request: AuditPageRequest, asking: string | undefined): Promise<Page<AuditEvent>>;
  /** Whatever concerns one account, at most 1,000 events at once. Throws BAD_USER_INPUT. */
  ofUser(userId: string, request: PageRequest, asking: string | undefined): Promise<Page<AuditEvent>>;
  /** The latest `first` events of each session, in the order of the ids. */
  ofSessions(sessionIds: readonly string[], first: number, asking: string | undefined): Promise<AuditEvent[][]>;
}

const MAXIMUM_OF_USER = 1000;

export interface AuditTrailParts {
  readonly store: AuditTrailStore;
  readonly clock: Clock;
  readonly refreshGraceSeconds: number;
}

export function createAuditTrail({ store, clock, refreshGraceSeconds }: AuditTrailParts): AuditTrail {
  function withhold(asking: string | undefined): WithheldRefreshes | undefined {
    if (asking === undefined) return undefined;
    return { sessionId: asking, from: addSeconds(clock(), -refreshGraceSeconds - CLOCK_SKEW_SECONDS) };
  }

  async function find(filter: AuditEventFilter, span: PageSpan, asking: string | undefined): Promise<Page<AuditEvent>> {
    const events = await store.findEvents(filter, { ...span, first: span.first + 1 }, withhold(asking));
    return toPage(events, span.first, inOrder);
  }

  return {
    async page(request, asking) {
      const { ipAddress, ...filter } = request.filter;
      const span = readSpan(request);
      const types = filter.types && [...new Set(filter.types)];
      if (types?.length === 0) return toPage([], span.first, inOrder);
      return find({ ...filter, types, ipAddresses: ipAddress === undefined ? undefined : spellingsOf(ipAddress) }, span, asking);
    },
    ofUser: async (userId, { first, after }, asking) => {
      const { afterKey, problem } = readAfter(after, "audit");
      refuseProblems({ first: firstProblem(first, MAXIMUM_OF_USER), after: problem });
      return find({ userId }, { first, afterKey }, asking);
    },
    async ofSessions(sessionIds, first, asking) {
      const events = await store.findEventsOfSessions(sessionIds, first, withhold(asking));
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
    "filter.actorId": idProblem(filter.actorId),
    "filter.ipAddress": addressProblem(filter),
  });
  return { first, afterKey };
}

function idProblem(id: string | undefined): string | undefined {
  return id === undefined || isId(id) ? undefined : "Is not an id.";
}

const refreshes: ReadonlySet<AuditEventType> = new Set(["TOKEN_REFRESHED", "REFRESH_REPLAYED"]);

function addressProblem({ ipAddress, types, userId, sessionId, actorId }: AuditPageRequest["filter"]): string | undefined {
  if (ipAddress === undefined) return undefined;
  if (parseIpAddress(ipAddress) === undefined) return "Is not an IP address.";
  const isNarrow = userId !== undefined || sessionId !== undefined || actorId !== undefined;
  if (isNarrow || types?.some((type) => refreshes.has(type)) !== true) return undefined;
  return "Finds refreshes of a user, a session or an actor only; give one of them as well.";
}

/** An IPv4 address is the same one also where it was seen as an IPv6 address. */
function spellingsOf(ipAddress: string): string[] {
  const parsed = parseIpAddress(ipAddress);
  if (parsed?.version === 4) return [parsed.text, `::ffff:${parsed.text}`];
  const [bare = ""] = ipAddress.split("%");
  const { hostname } = new URL(`http://[${bare}]/`);
  return [...new Set([ipAddress, ipAddress.toLowerCase(), hostname.slice(1, -1)])];
}
