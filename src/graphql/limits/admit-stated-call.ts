import type { GraphQLFieldResolver } from "graphql";
import { AuthError } from "../../auth/errors.ts";
import { DEFAULT_LIMIT } from "../../auth/limits/default-limits.ts";
import type { Claim, RateLimit } from "../../auth/limits/rate-limits.ts";
import { type RequestContext, viewerOf } from "../context.ts";
import type { AccountCount } from "./account-limits.ts";
import { identifyArguments, identifyCaller } from "./identity.ts";
import { admitByLibrary } from "./library-limiter.ts";
import type { FieldLimit } from "./limit-table.ts";

type Resolver = GraphQLFieldResolver<unknown, unknown>;

export interface AccountLimit extends AccountCount {
  readonly limit: RateLimit;
}

interface StatedField {
  readonly coordinate: string;
  readonly limit: FieldLimit | undefined;
  /** For one account, whoever calls. */
  readonly perAccount: AccountLimit | undefined;
}

/** Where a good password costs nothing: an office behind one address is not shut out by its own people. */
const givesSuccessBack: ReadonlySet<string> = new Set(["Mutation.login"]);
/** How a call of those ends for a good password that is not let in yet. */
const isGoodPassword = (error: unknown) => error instanceof AuthError && error.code === "EMAIL_NOT_VERIFIED";
/** Calls that ended like this have not been judged. */
const ourFaults: ReadonlySet<string> = new Set(["TOO_BUSY", "SERVICE_UNAVAILABLE", "INTERNAL_SERVER_ERROR"]);

/** Counts a call of a field that states its limit before it is resolved: before any account is looked up or password hashed. */
export function admitStatedCall(resolve: Resolver, field: StatedField): Resolver {
  return async (source, args, contextValue, info) => {
    const context = contextValue as RequestContext;
    const caller = identifyCaller(field.coordinate, context);
    const claims = listClaims(field, { caller, args, context });
    const [first] = claims;
    if (first === undefined) return resolve(source, args, context, info);
    const call = { coordinate: field.coordinate, userId: null, sessionId: null, ...callerOf(context), origin: context.origin };
    const reserve = () => context.auth.callLimits.reserve(claims, call);
    const { refusal, giveBack } = await admitByLibrary({ field: field.coordinate, caller, limit: first.limit, info, reserve });
    if (refusal !== undefined) throw new AuthError("RATE_LIMITED", refusal);
    try {
      const result = await resolve(source, args, context, info);
      // What cannot be given back is lost until the window ends; the session that was opened is not.
      if (givesSuccessBack.has(field.coordinate)) await giveBack().catch(nothing);
      return result;
    } catch (error) {
      if (await isForgiven(error, field.coordinate, { caller, context })) await giveBack().catch(nothing);
      throw error;
    }
  };
}

interface Call {
  /** Whose calls of the field are counted together. */
  readonly caller: string;
  readonly args: Readonly<Record<string, unknown>>;
  readonly context: RequestContext;
}

function listClaims({ coordinate, limit, perAccount }: StatedField, { caller, args, context }: Call): Claim[] {
  const paths = limit?.isStated === true ? limit.identityArgs : [];
  const account = perAccount?.accountOf(args, context);
  return [
    ...(limit === undefined ? [] : [{ key: `${coordinate} ${caller} ${identifyArguments(paths, args)}`, limit }]),
    ...(account === undefined || perAccount === undefined ? [] : [{ key: `${perAccount.name} ${account}`, limit: perAccount.limit }]),
  ];
}

function callerOf(context: RequestContext) {
  const viewer = viewerOf(context);
  return viewer && { userId: viewer.userId, sessionId: viewer.sessionId };
}

/** Nobody is to wait an hour for three passwords that were too short; nor can a flood of them reach the database for ever. */
async function isForgiven(error: unknown, coordinate: string, { caller, context }: Omit<Call, "args">): Promise<boolean> {
  if (!(error instanceof AuthError)) return true;
  if (givesSuccessBack.has(coordinate) && isGoodPassword(error)) return true;
  if (error.code !== "BAD_USER_INPUT") return ourFaults.has(error.code);
  const counted = await context.auth.callLimits.count({ key: `${coordinate} input ${caller}`, limit: DEFAULT_LIMIT });
  return counted === undefined;
}

const nothing = () => undefined;
