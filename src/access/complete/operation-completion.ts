import {
  type FieldNode,
  GraphQLError,
  type GraphQLObjectType,
  getVariableValues,
  type OperationDefinitionNode,
  type VariableDefinitionNode,
  visit,
} from "graphql";
import { fragmentsOf } from "../collect-fields.ts";
import type { DeniedSelection } from "../cut/cut-selections.ts";
import type { OperationOfDocument } from "../document-types.ts";
import { createRecentValues } from "../recent-values.ts";
import type { Judge, SchemaRequirements } from "../requirements/schema-requirements.ts";
import { createRootScope, type Scope } from "./completion.ts";

export interface OperationCompletion {
  /** The root of the answer; errors where the variables that `@skip` and `@include` name do not fit. */
  scopeFor(variableValues: Readonly<Record<string, unknown>>): Scope | { readonly errors: readonly GraphQLError[] };
}

/** Combinations of `@skip` and `@include` that are remembered for one operation and set of permissions. */
const REMEMBERED_CONDITIONS = 16;

export function createOperationCompletion(
  required: SchemaRequirements,
  judge: Judge,
  {
    request,
    denied,
    rootType,
  }: {
    readonly request: OperationOfDocument;
    readonly denied: ReadonlyMap<FieldNode, DeniedSelection>;
    readonly rootType: GraphQLObjectType;
  },
): OperationCompletion {
  const { schema } = required;
  const { selectionSet }: OperationDefinitionNode = request.operation;
  const definitions = conditionVariables(request);
  const fragments = fragmentsOf(request.document);
  const scopes = createRecentValues<Scope>(REMEMBERED_CONDITIONS);
  const scopeOf = (variableValues: Record<string, unknown>) =>
    createRootScope(rootType, selectionSet, { schema, required, judge, denied, fragments, variableValues });
  const unconditional = definitions.length === 0 ? scopeOf({}) : undefined;

  return {
    scopeFor(sent) {
      if (unconditional !== undefined) return unconditional;
      const { coerced, errors } = getVariableValues(schema, definitions, sent);
      if (coerced === undefined) return { errors };
      const unfit = definitions.filter(({ variable }) => typeof coerced[variable.name.value] !== "boolean");
      // Null, for a nullable variable with a default.
      if (unfit.length > 0) return { errors: [new GraphQLError("A condition must not be null.", { nodes: unfit })] };
      const values = definitions.map(({ variable }) => coerced[variable.name.value]);
      return scopes.getOrCompute(values.join(), () => scopeOf(coerced));
    },
  };
}

/** The operation's variables that `@skip` and `@include` name, in any of the document's fragments. */
function conditionVariables({ document, operation }: OperationOfDocument): readonly VariableDefinitionNode[] {
  const names = new Set<string>();
  visit(document, {
    Directive(directive) {
      if (directive.name.value !== "skip" && directive.name.value !== "include") return;
      for (const { value } of directive.arguments ?? []) if (value.kind === "Variable") names.add(value.name.value);
    },
  });
  return (operation.variableDefinitions ?? []).filter(({ variable }) => names.has(variable.name.value));
}
