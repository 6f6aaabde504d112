import type { DocumentNode } from "graphql";
import { LRUCache } from "lru-cache";

/*
 * Bounded in bytes: whoever sends a new document each time only pushes out the ones before. The sizes are estimates, measured on
 * documents of every shape and rounded up.
 */

const DOCUMENTS_BYTES = 16 * 1024 * 1024;
const TEXTS_BYTES = 8 * 1024 * 1024;
const BYTES_PER_ENTRY = 1000;
/** The memory for a token, with its part of the syntax tree and of what execution remembers of it. */
const BYTES_PER_TOKEN = 600;
/** Comments leave tokens behind that nobody counts, and may be as short as two characters. */
const BYTES_PER_CHARACTER = 60;

/** Documents by their text. */
export function createDocumentCache() {
  return new LRUCache<string, DocumentNode>({
    maxSize: DOCUMENTS_BYTES,
    sizeCalculation: ({ tokenCount = 0 }: DocumentNode & { tokenCount?: number | undefined }, text) =>
      BYTES_PER_ENTRY + tokenCount * BYTES_PER_TOKEN + text.length * BYTES_PER_CHARACTER,
  });
}

/** Texts by their hash, for clients that send the hash alone after the first time (automatic persisted queries). */
export function createTextCache() {
  return new LRUCache<string, string>({ maxSize: TEXTS_BYTES, sizeCalculation: (text) => BYTES_PER_ENTRY + text.length * 2 });
}
