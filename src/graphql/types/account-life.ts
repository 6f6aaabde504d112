import { Field, InputType, Int, ObjectType } from "type-graphql";
import { DateTime } from "./date-time.ts";

@InputType()
export class RequestEmailChangeInput {
  @Field(() => String)
  newEmail!: string;

  @Field(() => String, { nullable: true, description: "Not needed within 5 minutes after signing in." })
  password?: string | null;
}

@InputType({ description: "Either of them; `code` for the signed-in caller only." })
export class ConfirmEmailChangeInput {
  @Field(() => String, { nullable: true })
  token?: string | null;

  @Field(() => String, { nullable: true, description: "Six digits; five tries, then another message has to be asked for." })
  code?: string | null;
}

@InputType()
export class UndoEmailChangeInput {
  @Field(() => String)
  token!: string;
}

@InputType()
export class DeleteAccountInput {
  @Field(() => String, { nullable: true, description: "Not needed within 5 minutes after signing in." })
  password?: string | null;
}

@ObjectType({ simpleResolvers: true })
export class ConfirmEmailChangePayload {
  @Field(() => String)
  email!: string;
}

@ObjectType({ simpleResolvers: true })
export class UndoEmailChangePayload {
  @Field(() => String)
  email!: string;

  @Field(() => Int)
  endedSessions!: number;
}

@ObjectType({ simpleResolvers: true })
export class DeleteAccountPayload {
  @Field(() => DateTime)
  erasureAt!: Date;

  @Field(() => Int)
  endedSessions!: number;
}
