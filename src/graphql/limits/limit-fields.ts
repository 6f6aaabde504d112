import { MapperKind, mapSchema } from "@graphql-tools/utils";
import { defaultFieldResolver, type GraphQLFieldConfig, type GraphQLFieldResolver, type GraphQLSchema } from "graphql";
import type { Refusal } from "../../auth/limits/call-limits.ts";
import { AuthError } from "../../core/errors.ts";
import type { RequestContext } from "../context.ts";
import { accountCountsOf } from "../policies/root-policies.ts";
import { type AccountLimit, admitStatedCall } from "./admit-stated-call.ts";
import { allFieldsQuotas, fieldQuotas } from "./caller-quotas.ts";
import type { FieldLimit, LimitTable } from "./limit-table.ts";
import { limitedCall } from "./limited-call.ts";

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
    // The call of a subscription counts, not its events.
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
  const perAccount = accountLimitsOf(coordinate, table);
  if (limit?.isStated === true || perAccount.length > 0) return admitStatedCall(resolve, { coordinate, limit, perAccount, table });
  if (limit === undefined && table.ofCaller === undefined) return resolve;
  return (source, args, contextValue, info) => {
    const context = contextValue as RequestContext;
    const own = limit === undefined ? [] : fieldQuotas(coordinate, { limit, context, detail: "" });
    const counted = context.auth.callLimits.count([...own, ...allFieldsQuotas(table, context)], () => limitedCall(coordinate, context));
    if (counted === undefined) return resolve(source, args, context, info);
    if (counted instanceof Promise) {
      return counted.then((refusal) => (refusal === undefined ? resolve(source, args, context, info) : refuse(refusal)));
    }
    return refuse(counted);
  };
}

function accountLimitsOf(coordinate: string, table: LimitTable): AccountLimit[] {
  return accountCountsOf(coordinate).flatMap((count) => {
    const limit = table.perAccount(count.name);
    return limit === undefined ? [] : [{ ...count, limit }];
  });
}

function refuse(refusal: Refusal): never {
  throw new AuthError("RATE_LIMITED", refusal);
}
