import { Field, InputType } from "type-graphql";
import { RefreshTokenCarrier } from "./refresh-token-carrier.ts";

@InputType()
export class RegisterInput {
  @Field(() => String)
  email!: string;

  @Field(() => String, { description: "8 characters to 1,024 bytes; any characters, none demanded." })
  password!: string;

  @Field(() => RefreshTokenCarrier, { nullable: true, description: "As the server allows; by default the body where it allows both." })
  carrier?: `${RefreshTokenCarrier}` | null;
}

@InputType()
export class LoginInput {
  @Field(() => String)
  email!: string;

  @Field(() => String)
  password!: string;

  @Field(() => RefreshTokenCarrier, { nullable: true, description: "As the server allows; by default the body where it allows both." })
  carrier?: `${RefreshTokenCarrier}` | null;
}

@InputType()
export class ChangePasswordInput {
  @Field(() => String)
  currentPassword!: string;

  @Field(() => String, { description: "8 characters to 1,024 bytes; any characters, none demanded; not the current one." })
  newPassword!: string;
}

@InputType({ description: "`refreshToken` is left out where the token travels in the cookie." })
export class RefreshInput {
  @Field(() => String, { nullable: true })
  refreshToken?: string | null;

  @Field(() => String, {
    nullable: true,
    description:
      "Made at random by the client for each refresh, stored before it is sent, and sent again with every retry: then a " +
      "lost answer can be asked for at any time. 16 to 64 printable ASCII characters without spaces. Without it a retry " +
      "is answered for 30 seconds.",
  })
  retryKey?: string | null;
}

@InputType()
export class LogoutInput {
  @Field(() => String, { nullable: true })
  refreshToken?: string | null;
}
