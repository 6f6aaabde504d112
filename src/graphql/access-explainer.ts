import type { GraphQLError } from "graphql";
import type { Caller } from "../access/denials.ts";
import type { AccessExplanation } from "../access/explain-access.ts";
import { AuthError } from "../core/errors.ts";
import { scopesOfRoles } from "../core/permissions.ts";
import { withoutValues } from "./documents/document-messages.ts";
import type { DocumentOptions } from "./documents/documents.ts";
import { type ExplainedGraph, type ExplainedOperation, explainOperation, isExplained } from "./explain-operation.ts";

/** A caller who is only imagined. */
export interface ImaginedCaller {
  readonly roles: readonly string[];
  /** The scopes; undefined: those that come with the roles, as in an access token. */
  readonly scopes: readonly string[] | undefined;
}

export interface AccessQuestion extends Omit<ExplainedOperation, "as"> {
  /** The imagined caller; undefined: one without an access token. */
  readonly as: ImaginedCaller | undefined;
}

/** Throws BAD_USER_INPUT where the operation could not be executed, either. */
export type AccessExplainer = (question: AccessQuestion) => readonly AccessExplanation[];

export interface AccessExplainerOptions extends Pick<DocumentOptions, "introspection"> {
  /** Role → scopes. */
  readonly roles: ReadonlyMap<string, readonly string[]>;
}

/** Beyond these the list would only be longer. */
const PROBLEMS_SHOWN = 10;

export function createAccessExplainer(graph: ExplainedGraph, { roles, introspection }: AccessExplainerOptions): AccessExplainer {
  return ({ as, ...question }) => {
    const explained = explainOperation(graph, { ...question, as: imagine(as, roles) }, { introspection });
    if (isExplained(explained)) return explained;
    throw new AuthError("BAD_USER_INPUT", { fields: { operation: explained.slice(0, PROBLEMS_SHOWN).map(describeProblem) } });
  };
}

/** The caller, with the permissions that their access token would carry. */
export function imagine(caller: ImaginedCaller | undefined, roles: AccessExplainerOptions["roles"]): Caller {
  if (caller === undefined) return { reason: "missing" };
  return { roles: new Set(caller.roles), scopes: new Set(caller.scopes ?? scopesOfRoles(caller.roles, roles)) };
}

/** The problem as the sender of the document would read it. */
function describeProblem(error: GraphQLError): string {
  const { request } = (error.extensions.fields ?? {}) as { request?: readonly string[] };
  return request?.join(" ") ?? withoutValues(error.toJSON()).message;
}
