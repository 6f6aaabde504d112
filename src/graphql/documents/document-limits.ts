import type { DocumentNode, GraphQLSchema } from "graphql";
import { credentialFields, type DocumentSize, sizeOfDocument } from "./document-size.ts";

/** A query for everything that the auth graph has takes 600; the parser stops here. */
export const MAXIMUM_TOKENS = 2000;

interface Limit {
  readonly of: keyof DocumentSize;
  readonly most: number;
  readonly problem: string;
}

/** The limits, in the order in which they are applied. */
export const documentLimits: readonly Limit[] = [
  { of: "depth", most: 20, problem: "Is nested deeper than 20 fields, or has a fragment that spreads itself." },
  { of: "fields", most: 300, problem: "Selects more than 300 fields." },
  { of: "aliases", most: 30, problem: "Has more than 30 aliases." },
  { of: "directives", most: 50, problem: "Has more than 50 directives." },
  { of: "cost", most: 20_000, problem: "Asks for too much at once: ask for smaller pages, or for fewer lists inside lists." },
  { of: "credentials", most: 1, problem: `Has more than one of ${[...credentialFields].join(", ")}; send them one by one.` },
];

/** Which limit a document is beyond. To be asked before validation, whose effort grows with the square of what is limited here. */
export function excessOf(document: DocumentNode, schema: GraphQLSchema): string | undefined {
  const size = sizeOfDocument(document, schema);
  return documentLimits.find(({ of, most }) => !(size[of] <= most))?.problem;
}
