import type { NamedQuota } from "../../auth/limits/call-limits.ts";
import { callerKey, widerAddressKey } from "../../auth/limits/callers.ts";
import { type RequestContext, viewerOf } from "../context.ts";
import { countsByAddress, identifyCaller } from "./identity.ts";
import type { LimitTable, NamedLimit } from "./limit-table.ts";

/** The factor for an IPv6 network of 48 bits, which holds 65,536 networks that each count as one caller. */
const WIDER = 10;

/** The quotas for a call of a field: of its caller, and of the network around them where that is IPv6 and nobody is signed in. */
export function fieldQuotas(
  coordinate: string,
  { limit, context, detail }: { limit: NamedLimit; context: RequestContext; detail: string },
): NamedQuota[] {
  const { setting } = limit;
  const own = { key: `${coordinate} ${identifyCaller(coordinate, context)}${detail}`, limit, setting };
  const network = countsByAddress(coordinate, context) ? widerAddressKey(context.client) : undefined;
  return network === undefined ? [own] : [own, { key: `${coordinate} ${network}${detail}`, limit: widen(limit), setting }];
}

/** The quotas for a call of any field. */
export function allFieldsQuotas({ ofCaller: limit }: LimitTable, context: RequestContext): NamedQuota[] {
  if (limit === undefined) return [];
  const viewer = viewerOf(context);
  const { setting } = limit;
  const own = { key: `all ${callerKey(viewer, context.client)}`, limit, setting };
  const network = viewer === undefined ? widerAddressKey(context.client) : undefined;
  return network === undefined ? [own] : [own, { key: `all ${network}`, limit: widen(limit), setting }];
}

function widen({ max, windowSeconds }: NamedLimit) {
  return { max: max * WIDER, windowSeconds };
}
