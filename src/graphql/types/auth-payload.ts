import { Field, Int, ObjectType } from "type-graphql";
import { Session } from "./session.ts";
import { User } from "./user.ts";

@ObjectType({ simpleResolvers: true })
export class AuthPayload {
  @Field(() => String)
  accessToken!: string;

  @Field(() => String, { description: "Always `Bearer`." })
  tokenType!: "Bearer";

  @Field(() => Int, { description: "Seconds until the access token expires." })
  expiresIn!: number;

  @Field(() => String, { nullable: true, description: "Null where the refresh token travels in the cookie." })
  refreshToken!: string | null;

  @Field(() => String, {
    nullable: true,
    description: "Of a registration that had a code sent: what `verifyEmail` takes together with that code, from this client alone.",
  })
  verificationAttempt!: string | null;

  @Field(() => User)
  user!: User;

  @Field(() => Session)
  session!: Session;
}

@ObjectType({ simpleResolvers: true })
export class LogoutPayload {
  @Field(() => Int)
  endedSessions!: number;
}
