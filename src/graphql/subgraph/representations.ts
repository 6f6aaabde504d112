import { badInput } from "../../core/input-problems.ts";
import { batchFields, type EntityKey, type EntityName } from "./entities.ts";

const problem = `Must each have a __typename (${[...batchFields.keys()].join(" or ")}) and the id of one.`;

/** Reads the keys of the objects that a federated gateway asks for. Throws BAD_USER_INPUT. */
export function readRepresentations(representations: readonly unknown[]): EntityKey[] {
  return representations.map(readRepresentation);
}

function readRepresentation(representation: unknown): EntityKey {
  const { __typename: typename, id } = (representation ?? {}) as { __typename?: unknown; id?: unknown };
  if (!isEntityName(typename) || typeof id !== "string") throw badInput({ representations: problem });
  return { typename, id };
}

function isEntityName(name: unknown): name is EntityName {
  return (batchFields as ReadonlyMap<unknown, string>).has(name);
}
