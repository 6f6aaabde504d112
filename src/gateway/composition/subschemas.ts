import { Subschema, type SubschemaConfig } from "@graphql-tools/delegate";
import { stitchingDirectives } from "@graphql-tools/stitching-directives";
import type { Executor } from "@graphql-tools/utils";
import { buildASTSchema, type DocumentNode, type ExecutionResult, type GraphQLSchema, Kind, OperationTypeNode } from "graphql";
import { responseKeyOf } from "../../access/collect-fields.ts";
import { readResult } from "../../graphql/answers.ts";
import type { RequestContext } from "../../graphql/context.ts";
import type { Answerer, SentOperation } from "../upstreams/upstream.ts";
import { upstreamUnavailable } from "../upstreams/upstream-errors.ts";

/** One graph as it takes part in the composed one. */
export interface Part {
  readonly answerer: Answerer;
  readonly config: SubschemaConfig;
  /** The schema that it can answer by itself: its own, without fields that need values of other graphs first. */
  readonly schema: GraphQLSchema;
  /** `Type.field` of what needs such values (`@requires`, `@computed`). */
  readonly computedFields: ReadonlySet<string>;
}

export function createPart(answerer: Answerer, config: SubschemaConfig): Part {
  return {
    answerer,
    config,
    schema: new Subschema(config).transformedSchema,
    computedFields: new Set(listComputedFields(config)),
  };
}

/** One graph by its SDL; `@key`, `@merge` and `@computed` of @graphql-tools/stitching-directives say how its types merge with others. */
export function createStitchedPart(answerer: Answerer, sdl: DocumentNode): Part {
  const { stitchingDirectivesTransformer } = stitchingDirectives();
  const schema = buildASTSchema(sdl, { assumeValidSDL: true });
  return createPart(answerer, stitchingDirectivesTransformer({ name: answerer.name, schema, executor: toExecutor(answerer), batch: true }));
}

/** The executor that graphql-tools calls. The context is the request's own: it holds loaders, which requests never share. */
export function toExecutor(answerer: Answerer): Executor {
  const execute: Executor<RequestContext> = ({ document, variables, operationType, context }) => {
    if (context === undefined) throw new Error("an upstream is called without the context of a request");
    const type = (operationType ?? OperationTypeNode.QUERY) as OperationTypeNode;
    const operation: SentOperation = { document, type, variables: variables ?? {} };
    if (type === OperationTypeNode.SUBSCRIPTION) return answerer.subscribe(operation, context) as never;
    return answerer.execute(operation, context).then((answer) => checkKeys(answerer.name, document, readResult(answer))) as never;
  };
  return execute as Executor;
}

/** Stitching takes it for granted that what was asked for is answered, and nothing else. */
function checkKeys(upstream: string, document: DocumentNode, result: ExecutionResult): ExecutionResult {
  const { data } = result;
  if (!data) return result;
  const asked = document.definitions.flatMap((node) => (node.kind === Kind.OPERATION_DEFINITION ? node.selectionSet.selections : []));
  // Delegated operations have no fragments and no conditions at their root; if ever one has, it is left to them.
  const fields = asked.filter((node) => node.kind === Kind.FIELD && node.directives?.length === 0);
  const keys = new Set(fields.flatMap((node) => (node.kind === Kind.FIELD ? [responseKeyOf(node)] : [])));
  const fits = fields.length < asked.length || Object.keys(data).every((key) => keys.has(key));
  if (fits && [...keys].every((key) => Object.hasOwn(data, key))) return result;
  return { data: null, errors: [upstreamUnavailable(upstream, new Error("an answer without what was asked for"))] };
}

function listComputedFields({ merge = {} }: SubschemaConfig): string[] {
  return Object.entries(merge).flatMap(([type, { fields = {} }]) =>
    Object.entries(fields)
      .filter(([, { computed, selectionSet }]) => computed === true || selectionSet !== undefined)
      .map(([field]) => `${type}.${field}`),
  );
}
