import { createHash } from "node:crypto";

/** The SHA-256 hash of a document in hexadecimal digits, as clients send it. */
export function hashOfDocument(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** The hash that a request names its document by: in `documentId`, where `sha256:` may precede it, or as Apollo's clients do. */
export function namedHash(request: object): string | undefined {
  const { documentId, extensions } = request as { documentId?: unknown; extensions?: { persistedQuery?: { sha256Hash?: unknown } } | null };
  const named = documentId ?? extensions?.persistedQuery?.sha256Hash;
  return typeof named === "string" ? named.replace(/^sha256:/, "") : undefined;
}
