import { isId } from "../ids.ts";
import { refuseProblems } from "../input-problems.ts";
import { parseIpAddress } from "../ip-addresses.ts";
import { firstProblem, type Page, type PageRequest, type PageSpan, readAfter, toPage } from "../paging/pages.ts";
import type { AuditEvent, AuditEventType } from "./audit-events.ts";
import type { AuditEventFilter, AuditTrailStore } from "./audit-trail-store.ts";

export interface AuditPageRequest extends PageRequest {
  /** Without any `types` it lets nothing through. The address in any spelling. */
  readonly filter: Omit<AuditEventFilter, "ipAddresses"> & { readonly ipAddress?: string | undefined };
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
      const { ipAddress, ...filter } = request.filter;
      const span = readSpan(request);
      const types = filter.types && [...new Set(filter.types)];
      if (types?.length === 0) return toPage([], span.first, inOrder);
      return find({ ...filter, types, ipAddresses: ipAddress === undefined ? undefined : spellingsOf(ipAddress) }, span);
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
  if (parsed?.version === 4) return [parsed.octets.join("."), `::ffff:${parsed.octets.join(".")}`];
  const [bare = ""] = ipAddress.split("%");
  const { hostname } = new URL(`http://[${bare}]/`);
  return [...new Set([ipAddress, ipAddress.toLowerCase(), hostname.slice(1, -1)])];
}
