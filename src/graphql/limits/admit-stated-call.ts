import type { GraphQLFieldResolver } from "graphql";
import type { NamedQuota } from "../../auth/limits/call-limits.ts";
import { DEFAULT_LIMIT } from "../../auth/limits/default-limits.ts";
import { AuthError } from "../../core/errors.ts";
import type { RequestContext } from "../context.ts";
import { accountCountKey } from "../policies/account-limits.ts";
import type { AccountCount } from "../policies/root-policies.ts";
import { policyOf } from "../policies/root-policies.ts";
import { findSubject } from "./account-subjects.ts";
import { identifyArguments } from "./arguments.ts";
import { allFieldsQuotas, fieldQuotas } from "./caller-quotas.ts";
import { identifyCaller } from "./identity.ts";
import { admitByLibrary } from "./library-limiter.ts";
import type { FieldLimit, LimitTable, NamedLimit } from "./limit-table.ts";
import { limitedCall } from "./limited-call.ts";

type Resolver = GraphQLFieldResolver<unknown, unknown>;

export interface AccountLimit extends AccountCount {
  readonly limit: NamedLimit;
}

interface StatedField {
  readonly coordinate: string;
  readonly limit: FieldLimit | undefined;
  /** The limits for one account or domain, whoever calls. */
  readonly perAccount: readonly AccountLimit[];
  readonly table: LimitTable;
}

const givesSuccessBack = (coordinate: string) => policyOf(coordinate)?.givesSuccessBack === true;
/** How a call of those ends for a good password that is not let in yet. */
const isGoodPassword = (error: unknown) => error instanceof AuthError && error.code === "EMAIL_NOT_VERIFIED";
/** Calls that ended like this have not been judged. */
const ourFaults: ReadonlySet<string> = new Set(["TOO_BUSY", "SERVICE_UNAVAILABLE", "INTERNAL_SERVER_ERROR"]);

/** Counts a call of a field that states its limit before it is resolved: before any account is looked up or password hashed. */
export function admitStatedCall(resolve: Resolver, field: StatedField): Resolver {
  const { coordinate, table } = field;
  return async (source, args, contextValue, info) => {
    const context = contextValue as RequestContext;
    const { callLimits } = context.auth;
    const call = () => limitedCall(coordinate, context);
    const early = await callLimits.count(allFieldsQuotas(table, context), call);
    if (early !== undefined) throw new AuthError("RATE_LIMITED", early);
    const quotas = await listQuotas(field, args, context);
    const [first] = quotas;
    if (first === undefined) return resolve(source, args, context, info);
    const caller = identifyCaller(coordinate, context);
    const reserve = () => callLimits.reserve(quotas, call());
    const { refusal, giveBack } = await admitByLibrary({ field: coordinate, caller, limit: first.limit, info, reserve });
    if (refusal !== undefined) throw new AuthError("RATE_LIMITED", refusal);
    // A call that cannot be given back counts until it leaves the window; what it has done stays done.
    const forgive = (keys?: ReadonlySet<string>) => (keys?.size === 0 ? undefined : giveBack(keys).catch(nothing));
    try {
      const result = await resolve(source, args, context, info);
      await forgive(givesSuccessBack(coordinate) ? keysNotOnlyFor("success", quotas) : keysNotFor(undefined, quotas));
      return result;
    } catch (error) {
      if (await isForgiven(error, { coordinate, caller, context })) await forgive();
      else await forgive(keysNotFor(error, quotas));
      throw error;
    }
  };
}

interface FieldQuota extends NamedQuota, Pick<AccountCount, "countsOnly"> {}

async function listQuotas(
  { coordinate, limit, perAccount }: StatedField,
  args: Readonly<Record<string, unknown>>,
  context: RequestContext,
): Promise<FieldQuota[]> {
  const paths = limit?.isStated === true ? limit.identityArgs : [];
  const quotas: FieldQuota[] =
    limit === undefined ? [] : fieldQuotas(coordinate, { limit, context, detail: ` ${identifyArguments(paths, args)}` });
  for (const { name, subject, countsOnly, limit: own } of perAccount) {
    const found = await findSubject(subject, args, context);
    if (found !== undefined)
      quotas.push({ key: accountCountKey(name, found), limit: own, setting: own.setting, ...(countsOnly && { countsOnly }) });
  }
  return quotas;
}

/** The keys that a call which has ended like this does not count for. Input that was not forgiven counts for all. */
function keysNotFor(error: unknown, quotas: readonly FieldQuota[]): ReadonlySet<string> {
  const end = error instanceof AuthError ? error.code : "success";
  const others = end === "BAD_USER_INPUT" ? [] : quotas.filter(({ countsOnly }) => countsOnly !== undefined && countsOnly !== end);
  return new Set(others.map(({ key }) => key));
}

function keysNotOnlyFor(end: AccountCount["countsOnly"], quotas: readonly FieldQuota[]): ReadonlySet<string> {
  return new Set(quotas.filter(({ countsOnly }) => countsOnly !== end).map(({ key }) => key));
}

/** Nobody is to wait an hour for three passwords that were too short; nor can a flood of them reach the database for ever. */
async function isForgiven(
  error: unknown,
  { coordinate, caller, context }: { coordinate: string; caller: string; context: RequestContext },
): Promise<boolean> {
  if (!(error instanceof AuthError)) return true;
  if (givesSuccessBack(coordinate) && isGoodPassword(error)) return true;
  if (error.code !== "BAD_USER_INPUT") return ourFaults.has(error.code);
  const quota = { key: `${coordinate} input ${caller}`, limit: DEFAULT_LIMIT, setting: coordinate };
  const counted = await context.auth.callLimits.count([quota]);
  return counted === undefined;
}

const nothing = () => undefined;
