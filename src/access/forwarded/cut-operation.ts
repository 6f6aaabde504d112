import type { AuthError } from "../../core/errors.ts";
import { perObject } from "../../core/per-object.ts";
import { createOperationCompletion } from "../complete/operation-completion.ts";
import { cutDocument } from "../cut/cut-document.ts";
import { refuseReservedAliases } from "../cut/reserved-aliases.ts";
import { type Caller, denialOf } from "../denials.ts";
import { getRootType, type OperationOfDocument } from "../document-types.ts";
import { createPlainReader } from "../pass-through/plain-reader.ts";
import type { Judge } from "../requirements/schema-requirements.ts";
import type { Cut } from "./cut.ts";
import type { GuardedSchema } from "./guarded-schema.ts";

export interface CutRequest extends OperationOfDocument {
  readonly caller: Caller;
}

/**
 * Which selections are denied to the caller, and the operation without them. Enforces what `guardSchema` does, for schemas whose
 * fields are resolved elsewhere: send on nothing but the cut, and answer nothing but what `completeResult` makes of the result.
 *
 * The document must be valid. Throws an AuthError (BAD_USER_INPUT) for aliases that begin with `__`.
 */
export function cutOperation(access: GuardedSchema, { document, operation, caller }: CutRequest): Cut {
  const judge: Judge = (requirement, coordinate) => denialOf(caller, requirement, coordinate);
  const request = { document, operation };
  return access.cutsOf(request).getOrCompute(access.permissionKeyOf(caller), () => createCut(access, judge, request));
}

function createCut(access: GuardedSchema, judge: Judge, request: OperationOfDocument): Cut {
  const refusal = refuseReservedAliases(request.document);
  if (refusal !== undefined) throw refusal;
  const { document, variableNames, denied } = cutDocument(access, judge, request);
  const rootType = getRootType(access.schema, request.operation);
  return {
    document,
    variableNames,
    denials: new Map([...denied].map(([node, { error }]): [typeof node, AuthError] => [node, error])),
    denied: [...denied.values()],
    completion: createOperationCompletion(access, judge, { request, denied, rootType }),
    plainReaderOf: perObject(createPlainReader),
  };
}

/** The whole operation, as if everybody might see everything: only to report what would be denied. */
export function cutNothing(access: GuardedSchema, { document, operation }: OperationOfDocument): Cut {
  const request = { document, operation };
  return access.cutsOf(request).getOrCompute("everything", () => createCut(access, () => undefined, request));
}
