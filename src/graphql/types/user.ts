import { Field, ID, ObjectType, registerEnumType } from "type-graphql";
import type { Account } from "../../auth/accounts/account-store.ts";
import { DateTime } from "./date-time.ts";

export enum UserStatus {
  ACTIVE = "ACTIVE",
  DISABLED = "DISABLED",
}
registerEnumType(UserStatus, { name: "UserStatus" });

@ObjectType({ simpleResolvers: true })
export class User {
  @Field(() => ID)
  id!: string;

  @Field(() => String)
  email!: string;

  @Field(() => Boolean)
  emailVerified!: boolean;

  @Field(() => [String])
  roles!: readonly string[];

  @Field(() => UserStatus)
  status!: `${UserStatus}`;

  @Field(() => DateTime)
  createdAt!: Date;

  @Field(() => DateTime, { nullable: true })
  lastLoginAt!: Date | null;
}

/** A user whose fields may be fetched when they are selected: GraphQL's default resolver calls functions. */
export type LazyUser = { readonly [Name in keyof User]: User[Name] | (() => Promise<User[Name]>) };

/** The signed-in user: what the access token says costs nothing, the rest is one row, fetched at most once. */
export function lazyUser(known: Pick<User, "id" | "email" | "roles">, load: () => Promise<Account>): LazyUser {
  let loading: Promise<Account> | undefined;
  const later =
    <Name extends keyof User & keyof Account>(name: Name) =>
    async () => {
      loading ??= load();
      return (await loading)[name];
    };
  return {
    ...known,
    emailVerified: later("emailVerified"),
    status: later("status"),
    createdAt: later("createdAt"),
    lastLoginAt: later("lastLoginAt"),
  };
}
