import { readFileSync } from "node:fs";
import { StartupError } from "../auth/errors.ts";
import { createDocuments, type DocumentOptions, type Documents } from "../graphql/documents.ts";
import { createTrustedDocuments } from "../graphql/trusted-documents.ts";

/** Any document, or those of the operator's file alone. */
export function chooseDocuments(trustedFile: string | undefined, options: DocumentOptions): Documents {
  return trustedFile === undefined ? createDocuments(options) : createTrustedDocuments(readOperatorsFile(trustedFile), options);
}

function readOperatorsFile(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw new StartupError(`TRUSTED_DOCUMENTS cannot be read: ${path}`, { cause });
  }
}
