import { StartupError } from "../../core/errors.ts";
import { publicInputError } from "../public-errors.ts";
import { hashOfDocument } from "./document-hashes.ts";
import { describeRefusal } from "./document-messages.ts";
import { type DocumentOptions, type Documents, isDocument, judgeDocument } from "./documents.ts";

/** Beyond these the list would only be longer. */
const PROBLEMS_SHOWN = 10;

/**
 * Only the documents of a list: what graphql-codegen writes as `persistedDocuments` (`{ "<SHA-256>": "<document>" }`), or Apollo's
 * operation manifest; and `ours`, which our own pages send. Each is judged now, so that none is found wanting by a client. Throws a
 * `StartupError` with what is wrong.
 */
export function createTrustedDocuments(manifest: string, options: DocumentOptions, ours: readonly string[] = []): Documents {
  const texts = parseManifest(manifest);
  const problems = new Map<string, string>();
  const documents = new Map(
    [...texts].flatMap(([hash, text]) => {
      const read = hash === hashOfDocument(text) ? judgeDocument(text, options) : "its key is not its SHA-256";
      if (typeof read !== "string" && isDocument(read)) return [[text, read] as const];
      problems.set(hash, typeof read === "string" ? read : read.map(describeRefusal).join(" "));
      return [];
    }),
  );
  if (problems.size > 0) throw refused(problems);
  for (const text of ours) {
    const read = judgeDocument(text, options);
    // A graph that lacks the field has no use for it.
    if (isDocument(read)) documents.set(text, read);
  }
  const unknown = publicInputError({ request: ["Is not one of the documents that this server trusts."] });
  return {
    texts: { get: (hash) => texts.get(hash), set: () => undefined },
    find: (text) => documents.get(text),
    read: (text) => documents.get(text) ?? [unknown],
  };
}

function parseManifest(manifest: string): ReadonlyMap<string, string> {
  const entries = entriesOf(parseJson(manifest));
  if (entries === undefined || !entries.every(isEntry)) {
    throw new StartupError("TRUSTED_DOCUMENTS must hold a JSON object of SHA-256 hashes and documents, or Apollo's operation manifest.");
  }
  return new Map(entries);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function entriesOf(content: unknown): [unknown, unknown][] | undefined {
  if (typeof content !== "object" || content === null) return undefined;
  if (!("format" in content)) return Object.entries(content);
  if (content.format !== "apollo-persisted-query-manifest" || !("operations" in content)) return undefined;
  return Array.isArray(content.operations) ? content.operations.map((operation) => [operation?.id, operation?.body]) : undefined;
}

function isEntry(entry: readonly unknown[]): entry is [string, string] {
  return entry.every((part) => typeof part === "string");
}

function refused(problems: ReadonlyMap<string, string>): StartupError {
  const shown = [...problems].slice(0, PROBLEMS_SHOWN).map(([hash, problem]) => `  - ${hash}: ${problem}`);
  return new StartupError([`TRUSTED_DOCUMENTS has ${problems.size} that cannot be served:`, ...shown].join("\n"));
}
