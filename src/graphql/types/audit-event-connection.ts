import { ArgsType, Field, ID, InputType, Int, ObjectType } from "type-graphql";
import type { AuditEventType as DomainAuditEventType } from "../../auth/audit/audit-events.ts";
import { AuditEvent, AuditEventType } from "./audit-event.ts";
import { DateTime } from "./date-time.ts";
import { PageInfo } from "./page-info.ts";

@InputType({ description: "An entry has to meet all that is given." })
export class AuditEventFilter {
  @Field(() => ID, { nullable: true, description: "Whose account it concerns." })
  userId?: string | null;

  @Field(() => ID, { nullable: true })
  sessionId?: string | null;

  @Field(() => ID, { nullable: true, description: "Who did it." })
  actorId?: string | null;

  @Field(() => String, {
    nullable: true,
    description: "From which address, in any spelling. Refreshes are among them only with a user, a session or an actor.",
  })
  ipAddress?: string | null;

  @Field(() => [AuditEventType], { nullable: true, description: "Any one of them; an empty list lets nothing through." })
  types?: DomainAuditEventType[] | null;

  @Field(() => DateTime, { nullable: true, description: "Inclusive." })
  from?: Date | null;

  @Field(() => DateTime, { nullable: true, description: "Exclusive." })
  to?: Date | null;
}

export const DEFAULT_EVENTS_PER_PAGE = 50;

@ArgsType()
export class AuditEventsArguments {
  @Field(() => Int, { nullable: true, defaultValue: DEFAULT_EVENTS_PER_PAGE, description: "1 to 100." })
  first!: number | null;

  @Field(() => String, { nullable: true })
  after?: string | null;

  @Field(() => AuditEventFilter, { nullable: true })
  filter?: AuditEventFilter | null;
}

@ObjectType({ simpleResolvers: true })
export class AuditEventEdge {
  @Field(() => String)
  cursor!: string;

  @Field(() => AuditEvent)
  node!: AuditEvent;
}

@ObjectType({ simpleResolvers: true })
export class AuditEventConnection {
  @Field(() => [AuditEventEdge])
  edges!: readonly AuditEventEdge[];

  @Field(() => PageInfo)
  pageInfo!: PageInfo;
}
