import { type GraphQLSchema, OperationTypeNode } from "graphql";
import { StartupError } from "../../core/errors.ts";
import { AUTH_GRAPH } from "../auth-answerer.ts";
import type { Answerer } from "../upstreams/upstream.ts";
import type { Part } from "./subschemas.ts";

/** The root fields by which each graph describes itself to gateways: `_sdl`, `_service`, `_entities`. */
const ofGraphItself = /^_/;

/**
 * Of two graphs with one root field stitching asks the later one: an upstream that has a `login` would receive passwords, and answer in
 * the auth graph's name. Throws a StartupError that lists every root field of the auth graph that another graph has, too.
 */
export function refuseTakenFields(
  parts: readonly Part[],
  { answerer: auth, schema: authSchema }: { readonly answerer: Answerer; readonly schema: GraphQLSchema },
): void {
  const others = parts.filter(({ answerer }) => answerer !== auth);
  if (others.some(({ answerer }) => answerer.name === AUTH_GRAPH)) {
    throw new StartupError(`A graph behind the gateway is named "${AUTH_GRAPH}", as the graph in this process is.`);
  }
  const taken = others.flatMap((part) => takenBy(part, authSchema));
  if (taken.length === 0) return;
  const problems = taken.map((field) => `- ${field}`).join("\n");
  throw new StartupError(`The auth graph alone answers for its root fields, which other graphs have, too:\n${problems}`);
}

function takenBy({ answerer, schema }: Part, auth: GraphQLSchema): string[] {
  return Object.values(OperationTypeNode).flatMap((operation) => {
    const own = auth.getRootType(operation);
    const fields = Object.keys(schema.getRootType(operation)?.getFields() ?? {});
    const taken = fields.filter((field) => !ofGraphItself.test(field) && Object.hasOwn(own?.getFields() ?? {}, field));
    return taken.map((field) => `${own?.name}.${field} of "${answerer.name}"`);
  });
}
