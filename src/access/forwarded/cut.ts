import type { DocumentNode, FieldNode } from "graphql";
import type { AuthError } from "../../core/errors.ts";
import type { Scope } from "../complete/completion.ts";
import type { OperationCompletion } from "../complete/operation-completion.ts";
import type { DeniedSelection } from "../cut/cut-selections.ts";
import type { PlainReader } from "../pass-through/plain-text.ts";

/** Which selections of an operation are denied to a caller. Computed once per operation and set of permissions. */
export interface Cut {
  /**
   * What may be sent on: only the operation and the fragments it uses, denied selections gone. The document itself where nothing is
   * to be changed. Undefined: nothing is left to fetch.
   */
  readonly document: DocumentNode | undefined;
  /** The variables that `document` uses; what is sent for others is none of an upstream's business. */
  readonly variableNames: ReadonlySet<string>;
  /** Why, by node of the original document. Empty: nothing is denied, though objects of a guarded type still may be. */
  readonly denials: ReadonlyMap<FieldNode, AuthError>;
  /** The denied selections in the order of the document, without those below another one. */
  readonly denied: readonly DeniedSelection[];
  readonly completion: OperationCompletion;
  /** Of answers that need no completing, by their root. */
  readonly plainReaderOf: (scope: Scope) => PlainReader;
}
