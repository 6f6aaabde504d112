import { ArgsType, Field, ID, Int, ObjectType } from "type-graphql";
import { DateTime } from "./date-time.ts";
import { Session } from "./session.ts";
import { User } from "./user.ts";

export const EXPORTED_EVENTS_PER_PAGE = 1000;

@ArgsType()
export class ExportedEventsArguments {
  @Field(() => Int, { nullable: true, defaultValue: EXPORTED_EVENTS_PER_PAGE, description: "1 to 1,000." })
  first!: number | null;

  @Field(() => String, { nullable: true })
  after?: string | null;
}

@ObjectType({ simpleResolvers: true })
export class ExportedMessage {
  @Field(() => ID)
  id!: string;

  @Field(() => String, {
    description: "The kind of message. One to a new address is `confirm_email_change`, whatever it had to say of that address.",
  })
  topic!: string;

  @Field(() => DateTime)
  createdAt!: Date;

  @Field(() => DateTime, { nullable: true })
  sentAt!: Date | null;
}

/** What is a function GraphQL calls where the field is selected. */
@ObjectType({ simpleResolvers: true, description: "What is kept of one user. Lists hold the newest first." })
export class AccountExport {
  @Field(() => DateTime)
  exportedAt!: Date;

  @Field(() => User)
  user!: User;

  @Field(() => [Session], { description: "Ended ones included, as long as they are kept; at most 10,000." })
  sessions!: () => Promise<readonly Session[]>;

  @Field(() => [ExportedMessage], { description: "As long as they are kept; at most 10,000." })
  messages!: () => Promise<readonly ExportedMessage[]>;

  @Field(() => String, {
    nullable: true,
    description: "An address that has been asked for and not been confirmed yet, whether or not it can be had.",
  })
  pendingEmail!: () => Promise<string | undefined>;
}
