import { type RequestContext, viewerOf } from "../context.ts";
import { requireAdmin } from "../own-or-admin.ts";
import { toSession } from "../types/session.ts";
import { viewerAsUser } from "../viewer-as-user.ts";

/** The types that other graphs may refer to, by their `id`. */
export type EntityName = "User" | "Session";

export interface EntityKey {
  readonly typename: EntityName;
  readonly id: string;
}

/** The root fields with which stitching gateways fetch many at once. */
export const batchFields: ReadonlyMap<EntityName, string> = new Map([
  ["User", "usersById"],
  ["Session", "sessionsById"],
]);

/** Root fields that only gateways ask for. */
export const gatewayFields: ReadonlySet<string> = new Set(batchFields.values());

type Find = (id: string, coordinate: string, context: RequestContext) => Promise<object | null>;

/*
 * Whoever may not have an object is refused before anybody looks whether there is one: to them one that is missing and one that is
 * somebody else's are the same.
 */

const findUser: Find = async (id, coordinate, context) => {
  const viewer = viewerOf(context);
  const load = () => context.loaders.accountOf(id);
  if (viewer?.userId === id) return viewerAsUser(viewer, coordinate, load);
  requireAdmin(context, coordinate);
  return (await load()) ?? null;
};

const findSession: Find = async (id, coordinate, context) => {
  const viewer = viewerOf(context);
  if (viewer === undefined) requireAdmin(context, coordinate);
  // Only the row of a session says whose it is.
  const session = await context.loaders.sessionOf(id);
  const isOwn = session !== undefined && session.userId === viewer?.userId;
  if (!isOwn) requireAdmin(context, coordinate);
  return session === undefined ? null : toSession(session, { now: context.clock(), currentSessionId: viewer?.sessionId });
};

const finders: Readonly<Record<EntityName, Find>> = { User: findUser, Session: findSession };

/**
 * The objects in the order of their keys, each by itself: null where there is none, rejected where the caller may not have it, so that
 * the others are answered. Throws BAD_USER_INPUT where a request asks for too many.
 */
export function findEntities(keys: readonly EntityKey[], coordinate: string, context: RequestContext): Promise<object | null>[] {
  context.loaders.admitEntities(keys.length);
  return keys.map(({ typename, id }) => finders[typename](id.toLowerCase(), coordinate, context));
}

/** `Session` is known by a property that is no field of the graph. */
export function entityNameOf(entity: object): EntityName {
  return "userId" in entity ? "Session" : "User";
}
