import { Field, ID, ObjectType, registerEnumType } from "type-graphql";
import {
  auditEventTypes,
  type AuditEvent as DomainAuditEvent,
  type AuditEventType as DomainAuditEventType,
} from "../../auth/audit/audit-events.ts";
import { DateTime } from "./date-time.ts";

export const AuditEventType = Object.fromEntries(auditEventTypes.map((type) => [type, type])) as {
  readonly [Type in DomainAuditEventType]: Type;
};
registerEnumType(AuditEventType, { name: "AuditEventType" });

@ObjectType({ simpleResolvers: true })
export class AuditEvent {
  @Field(() => ID)
  id!: string;

  @Field(() => AuditEventType)
  type!: DomainAuditEventType;

  @Field(() => DateTime)
  occurredAt!: Date;

  @Field(() => ID, { nullable: true, description: "Whose account it concerns; null where no account matched." })
  userId!: string | null;

  @Field(() => ID, { nullable: true, description: "Who did it; null for an anonymous caller." })
  actorId!: string | null;

  @Field(() => ID, { nullable: true })
  sessionId!: string | null;

  @Field(() => String, { nullable: true })
  ipAddress!: string | null;

  @Field(() => String, { nullable: true })
  userAgent!: string | null;

  @Field(() => Boolean)
  succeeded!: boolean;

  @Field(() => String, { nullable: true, description: "Facts of this type of event, as JSON; never a secret." })
  detail!: string | null;
}

export function toAuditEvent(event: DomainAuditEvent): AuditEvent {
  return { ...event, detail: event.detail === null ? null : JSON.stringify(event.detail) };
}
