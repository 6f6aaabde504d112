import { ArgsType, Field, Int, ObjectType } from "type-graphql";
import { PageInfo } from "./page-info.ts";
import { User, UserStatus } from "./user.ts";

export const DEFAULT_USERS_PER_PAGE = 20;

@ArgsType()
export class UsersArguments {
  @Field(() => Int, { nullable: true, defaultValue: DEFAULT_USERS_PER_PAGE, description: "1 to 100." })
  first!: number | null;

  @Field(() => String, { nullable: true, description: "A cursor of a list in the same order." })
  after?: string | null;

  @Field(() => String, {
    nullable: true,
    description:
      "What the e-mail address begins with, `@` and its whole domain, or an id from its beginning to its first hyphen " +
      "at least; in any letter case.",
  })
  search?: string | null;

  @Field(() => String, { nullable: true })
  role?: string | null;

  @Field(() => UserStatus, { nullable: true })
  status?: `${UserStatus}` | null;
}

@ObjectType({ simpleResolvers: true })
export class UserEdge {
  @Field(() => String)
  cursor!: string;

  @Field(() => User)
  node!: User;
}

@ObjectType({ simpleResolvers: true })
export class UserConnection {
  @Field(() => [UserEdge])
  edges!: readonly UserEdge[];

  @Field(() => PageInfo)
  pageInfo!: PageInfo;

  /** A function, which GraphQL calls where the field is selected: users are counted only then. */
  @Field(() => Int, { description: "Of all pages. Counting takes much longer than a page: select it once." })
  totalCount!: () => Promise<number>;
}
