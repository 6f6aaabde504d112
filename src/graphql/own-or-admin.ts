import { denialOf } from "../access/denials.ts";
import { type RequestContext, viewerOf } from "./context.ts";

const adminOnly = { authenticated: false, roles: [["admin"]] };

/** Throws what the guard of a field with `@hasRole(roles: ["admin"])` would. */
export function requireAdmin(context: RequestContext, coordinate: string): void {
  const denial = denialOf(context.viewer, adminOnly, coordinate);
  if (denial !== undefined) throw denial;
}

/** Lets the owner pass, and throws for everybody else as `requireAdmin` does. */
export function requireOwnOrAdmin(context: RequestContext, ownerId: string, coordinate: string): void {
  if (viewerOf(context)?.userId !== ownerId) requireAdmin(context, coordinate);
}
