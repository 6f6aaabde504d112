import { registerEnumType } from "type-graphql";

export enum RefreshTokenCarrier {
  BODY = "BODY",
  COOKIE = "COOKIE",
}
registerEnumType(RefreshTokenCarrier, {
  name: "RefreshTokenCarrier",
  description: "How refresh tokens travel: in the answer's body, or in a cookie that scripts cannot read.",
});
