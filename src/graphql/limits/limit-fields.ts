import { MapperKind, mapSchema } from "@graphql-tools/utils";
import { defaultFieldResolver, type GraphQLFieldConfig, type GraphQLFieldResolver, type GraphQLSchema } from "graphql";
import { AuthError } from "../../auth/errors.ts";
import type { Refusal } from "../../auth/limits/call-limits.ts";
import type { RequestContext } from "../context.ts";
import { accountCountOf } from "./account-limits.ts";
import { type AccountLimit, admitStatedCall } from "./admit-stated-call.ts";
import { identifyCaller } from "./identity.ts";
import type { FieldLimit, LimitTable } from "./limit-table.ts";

type Resolver = GraphQLFieldResolver<unknown, unknown>;
type FieldConfig = GraphQLFieldConfig<unknown, unknown>;

/**
 * A copy of the schema whose root fields count their calls, each alias by itself, before anything else is done for them: before the
 * guard, too, so that a flood of what is refused is limited like any other. Whoever is not signed in is counted by address,
 * and so cannot use up what a user has.
 */
export function limitFields(schema: GraphQLSchema, table: LimitTable): GraphQLSchema {
  function limitField(config: FieldConfig, fieldName: string, typeName: string): FieldConfig | undefined {
    const coordinate = `${typeName}.${fieldName}`;
    const limit = table.ofField(coordinate);
    const wrap = (resolve: Resolver) => limitResolver(resolve, { coordinate, limit, table });
    // Of a subscription it is the call that counts, not its events.
    if (typeName === schema.getSubscriptionType()?.name) return { ...config, subscribe: wrap(config.subscribe ?? defaultFieldResolver) };
    return { ...config, resolve: wrap(config.resolve ?? defaultFieldResolver) };
  }
  return mapSchema(schema, { [MapperKind.ROOT_FIELD]: limitField });
}

interface LimitedField {
  readonly coordinate: string;
  readonly limit: FieldLimit | undefined;
  readonly table: LimitTable;
}

function limitResolver(resolve: Resolver, { coordinate, limit, table }: LimitedField): Resolver {
  const perAccount = accountLimitOf(coordinate, table);
  if (limit?.isStated === true || perAccount !== undefined) return admitStatedCall(resolve, { coordinate, limit, perAccount });
  if (limit === undefined) return resolve;
  return (source, args, context, info) => {
    const { auth } = context as RequestContext;
    const key = `${coordinate} ${identifyCaller(coordinate, context as RequestContext)}`;
    const counted = auth.callLimits.count({ key, limit });
    if (counted === undefined) return resolve(source, args, context, info);
    if (counted instanceof Promise) {
      return counted.then((refusal) => (refusal === undefined ? resolve(source, args, context, info) : refuse(refusal)));
    }
    return refuse(counted);
  };
}

function accountLimitOf(coordinate: string, table: LimitTable): AccountLimit | undefined {
  const count = accountCountOf(coordinate);
  const limit = count && table.perAccount(count.name);
  return count && limit && { ...count, limit };
}

function refuse({ retryAfterSeconds }: Refusal): never {
  throw new AuthError("RATE_LIMITED", { retryAfterSeconds });
}
