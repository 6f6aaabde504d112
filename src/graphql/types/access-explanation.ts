import { ArgsType, Field, InputType, ObjectType } from "type-graphql";
import type { AccessExplanation as DomainAccessExplanation } from "../../access/explain-access.ts";
import type { Requirement } from "../../access/requirements/requirements.ts";

@InputType({ description: "A caller who is signed in, and whom nobody has to be." })
export class AccessAs {
  @Field(() => [String], { nullable: true, description: "None unless they are given." })
  roles?: string[] | null;

  @Field(() => [String], {
    nullable: true,
    description: "Unless they are given, the scopes that come with the roles by configuration, as in an access token.",
  })
  scopes?: string[] | null;
}

@ArgsType()
export class ExplainAccessArguments {
  @Field(() => String, { description: "A document as a client would send it. It is not executed." })
  operation!: string;

  @Field(() => String, { nullable: true, description: "Which one, where the document has several." })
  operationName?: string | null;

  @Field(() => AccessAs, { nullable: true, description: "Who asks; unless it is given, somebody without an access token." })
  as?: AccessAs | null;
}

@ObjectType({ simpleResolvers: true, description: "All that it takes: signing in, and scopes and roles where they are not null." })
export class AccessRequirement {
  @Field(() => Boolean, { description: "Whether `@authenticated` asks for it. Scopes and roles take signing in anyway." })
  authenticated!: boolean;

  @Field(() => [[String]], { nullable: true, description: "The outer list is OR, the inner lists are AND." })
  scopes!: readonly (readonly string[])[] | null;

  @Field(() => [[String]], { nullable: true, description: "The outer list is OR, the inner lists are AND." })
  roles!: readonly (readonly string[])[] | null;
}

@ObjectType({ simpleResolvers: true, description: "One of those who ask for something." })
export class AccessSource {
  @Field(() => String, { description: "What it guards: the field, its type, or the type that it returns; `Type.field` or `Type`." })
  coordinate!: string;

  @Field(() => String, { description: "The graph whose SDL says so, or `policy` for a rule of the gateway's configuration." })
  source!: string;

  @Field(() => String, {
    nullable: true,
    description: "Where it is asked for, if that is elsewhere: a root type, or a field whose value this one is made of.",
  })
  via!: string | null;

  @Field(() => AccessRequirement)
  needs!: AccessRequirement;
}

@ObjectType({ simpleResolvers: true })
export class AccessExplanation {
  @Field(() => String, { description: "`Type.field`, or `Type` for what an interface or a union may turn out to be." })
  coordinate!: string;

  @Field(() => AccessRequirement, { nullable: true, description: "What all sources ask for together; null where it is public." })
  needs!: AccessRequirement | null;

  @Field(() => [AccessSource])
  sources!: readonly AccessSource[];

  @Field(() => Boolean)
  allowed!: boolean;

  @Field(() => String, { nullable: true, description: "The code of the error that the caller would get." })
  code!: string | null;

  @Field(() => [String], { description: "Scopes and roles that the caller would need beside their own: of each kind the fewest." })
  missing!: readonly string[];
}

export function toAccessExplanation({ coordinate, requirement, denial, ...explained }: DomainAccessExplanation): AccessExplanation {
  return {
    coordinate,
    needs: requirement === undefined ? null : toAccessRequirement(requirement),
    sources: explained.sources.map((asked) => ({
      coordinate: asked.coordinate,
      source: asked.source,
      via: asked.via ?? null,
      needs: toAccessRequirement(asked.requirement),
    })),
    allowed: denial === undefined,
    code: denial?.code ?? null,
    missing: explained.missing,
  };
}

function toAccessRequirement({ authenticated, scopes, roles }: Requirement): AccessRequirement {
  return { authenticated, scopes: scopes ?? null, roles: roles ?? null };
}
