import { listCommonPasswords } from "../auth/passwords/password-policy.ts";
import { buildGuardedGraph, type GuardedGraph } from "../graphql/schema.ts";

/** What is the same for every gateway, and never changes: making it is a third of the work of a start. */
export interface Prepared {
  readonly graph: GuardedGraph;
  readonly commonPasswords: ReadonlySet<string>;
}

export async function prepare(): Promise<Prepared> {
  return { graph: await buildGuardedGraph(), commonPasswords: listCommonPasswords() };
}
