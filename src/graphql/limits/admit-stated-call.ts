import type { GraphQLFieldResolver } from "graphql";
import { AuthError } from "../../auth/errors.ts";
import { DEFAULT_LIMIT } from "../../auth/limits/default-limits.ts";
import type { Claim, RateLimit } from "../../auth/limits/rate-limits.ts";
import { type RequestContext, viewerOf } from "../context.ts";
import { accountKey, identifyArguments, identifyCaller } from "./identity.ts";
import { admitByLibrary } from "./library-limiter.ts";
import type { FieldLimit } from "./limit-table.ts";

type Resolver = GraphQLFieldResolver<unknown, unknown>;

interface StatedField {
  readonly coordinate: string;
  readonly limit: FieldLimit | undefined;
  /** Failures for one account, whoever causes them. */
  readonly perAccount: RateLimit | undefined;
}

/** Where a good password costs nothing: an office behind one address is not shut out by its own people. */
const givesSuccessBack: ReadonlySet<string> = new Set(["Mutation.login"]);
/** Calls that ended like this have not been judged. */
const ourFaults: ReadonlySet<string> = new Set(["TOO_BUSY", "SERVICE_UNAVAILABLE", "INTERNAL_SERVER_ERROR"]);

/** Counts a call of a field that states its limit before it is resolved: before any account is looked up or password hashed. */
export function admitStatedCall(resolve: Resolver, field: StatedField): Resolver {
  return async (source, args, contextValue, info) => {
    const context = contextValue as RequestContext;
    const caller = identifyCaller(field.coordinate, context);
    const claims = listClaims(field, caller, args);
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
      if (await isForgiven(error, `${field.coordinate} input ${caller}`, context)) await giveBack().catch(nothing);
      throw error;
    }
  };
}

function listClaims({ coordinate, limit, perAccount }: StatedField, caller: string, args: Readonly<Record<string, unknown>>): Claim[] {
  const paths = limit?.isStated === true ? limit.identityArgs : [];
  const account = perAccount && accountKey(args);
  return [
    ...(limit === undefined ? [] : [{ key: `${coordinate} ${caller} ${identifyArguments(paths, args)}`, limit }]),
    ...(account === undefined || perAccount === undefined ? [] : [{ key: `${coordinate} account ${account}`, limit: perAccount }]),
  ];
}

function callerOf(context: RequestContext) {
  const viewer = viewerOf(context);
  return viewer && { userId: viewer.userId, sessionId: viewer.sessionId };
}

/** Nobody is to wait an hour for three passwords that were too short; nor can a flood of them reach the database for ever. */
async function isForgiven(error: unknown, key: string, { auth }: RequestContext): Promise<boolean> {
  if (!(error instanceof AuthError)) return true;
  if (error.code === "BAD_USER_INPUT") return (await auth.callLimits.count({ key, limit: DEFAULT_LIMIT })) === undefined;
  return ourFaults.has(error.code);
}

const nothing = () => undefined;
