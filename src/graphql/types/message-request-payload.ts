import { Field, ObjectType } from "type-graphql";

@ObjectType({ simpleResolvers: true, description: "Always the same: it tells nothing about who has an account." })
export class MessageRequestPayload {
  @Field(() => Boolean)
  accepted!: boolean;
}

/** Whatever was sent, and to whom. */
export const accepted: MessageRequestPayload = { accepted: true };
