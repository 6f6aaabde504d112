import { Field, ObjectType, registerEnumType } from "type-graphql";
import { DateTime } from "./date-time.ts";
import { Session } from "./session.ts";

export enum SessionEventType {
  OPENED = "OPENED",
  REFRESHED = "REFRESHED",
  ENDED = "ENDED",
}
registerEnumType(SessionEventType, { name: "SessionEventType" });

@ObjectType({ simpleResolvers: true })
export class SessionEvent {
  @Field(() => SessionEventType)
  type!: `${SessionEventType}`;

  @Field(() => Session)
  session!: Session;

  @Field(() => DateTime)
  occurredAt!: Date;
}
