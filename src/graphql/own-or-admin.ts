import { denialOf } from "../access/denials.ts";
import { type RequestContext, viewerOf } from "./context.ts";

const adminOnly = { authenticated: false, roles: [["admin"]] };

/** Throws what the guard of a field with `@hasRole(roles: ["admin"])` would. */
export function requireAdmin(context: RequestContext, coordinate: string): void {
  const denial = denialOf(context.caller, adminOnly, coordinate);
  if (denial !== undefined) throw denial;
}

/** As `requireAdmin`, unless the viewer is the one whose it is. */
export function requireOwnOrAdmin(context: RequestContext, ownerId: string, coordinate: string): void {
  if (viewerOf(context)?.userId !== ownerId) requireAdmin(context, coordinate);
}
