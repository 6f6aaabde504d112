import { Field, ID, ObjectType, registerEnumType } from "type-graphql";
import type { Account } from "../../auth/users/account-store.ts";
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

  @Field(() => DateTime, { nullable: true, description: "When the account is erased, on its user's own word, unless they sign in before." })
  erasureAt!: Date | null;
}

/** A user whose fields may be fetched when they are selected: GraphQL's default resolver calls functions. */
export type LazyUser = { readonly [Name in keyof User]: User[Name] | (() => Promise<User[Name]>) };

/**
 * The signed-in user: what the access token says costs nothing, the rest is one row, fetched at most once.
 * A class, because four closures for every request are a measurable part of a query that needs none of them.
 */
export class SignedInUser implements LazyUser {
  readonly id: string;
  readonly email: string;
  readonly roles: readonly string[];
  readonly #load: () => Promise<Account>;
  #loading: Promise<Account> | undefined;

  constructor(known: Pick<User, "id" | "email" | "roles">, load: () => Promise<Account>) {
    this.id = known.id;
    this.email = known.email;
    this.roles = known.roles;
    this.#load = load;
  }

  async emailVerified(): Promise<boolean> {
    return (await this.#account()).emailVerified;
  }

  async status(): Promise<Account["status"]> {
    return (await this.#account()).status;
  }

  async createdAt(): Promise<Date> {
    return (await this.#account()).createdAt;
  }

  async lastLoginAt(): Promise<Date | null> {
    return (await this.#account()).lastLoginAt;
  }

  async erasureAt(): Promise<Date | null> {
    return (await this.#account()).erasureAt;
  }

  #account(): Promise<Account> {
    this.#loading ??= this.#load();
    return this.#loading;
  }
}
