import { Field, InputType, Int, ObjectType } from "type-graphql";

@InputType()
export class RequestEmailVerificationInput {
  @Field(() => String)
  email!: string;
}

@InputType({ description: "Either `token`, or `email`, `code` and `attempt`." })
export class VerifyEmailInput {
  @Field(() => String, { nullable: true })
  token?: string | null;

  @Field(() => String, { nullable: true })
  email?: string | null;

  @Field(() => String, { nullable: true, description: "Six digits; five tries, then another message has to be asked for." })
  code?: string | null;

  @Field(() => String, { nullable: true, description: "What the call answered that had the code sent." })
  attempt?: string | null;
}

@InputType()
export class RequestPasswordResetInput {
  @Field(() => String)
  email!: string;
}

@InputType()
export class ResetPasswordInput {
  @Field(() => String)
  token!: string;

  @Field(() => String, { description: "8 characters to 1,024 bytes; any characters, none demanded." })
  newPassword!: string;
}

@ObjectType({ simpleResolvers: true })
export class VerifyEmailPayload {
  @Field(() => String)
  email!: string;
}

@ObjectType({ simpleResolvers: true })
export class ResetPasswordPayload {
  @Field(() => Int)
  endedSessions!: number;
}
