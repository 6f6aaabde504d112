import { Field, ObjectType } from "type-graphql";

@ObjectType({ simpleResolvers: true, description: "Always the same: it tells nothing about who has an account." })
export class MessageRequestPayload {
  @Field(() => Boolean)
  accepted!: boolean;

  @Field(() => String, {
    nullable: true,
    description:
      "Where the message has a code that takes it: the code is good from this client alone. Also given where there is no account.",
  })
  attempt!: string | null;
}

/** Whatever was sent, and to whom. */
export const accepted: MessageRequestPayload = { accepted: true, attempt: null };
