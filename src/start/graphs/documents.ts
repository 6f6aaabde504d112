import { accountPageDocuments } from "../../graphql/documents/account-page-documents.ts";
import { createDocuments, type DocumentOptions, type Documents } from "../../graphql/documents/documents.ts";
import { createTrustedDocuments } from "../../graphql/documents/trusted-documents.ts";
import { readOperatorsFile } from "../files/operators-file.ts";

/** Any document, or those of the operator's file and of our own pages alone. */
export function chooseDocuments(trustedFile: string | undefined, options: DocumentOptions): Documents {
  return trustedFile === undefined
    ? createDocuments(options)
    : createTrustedDocuments(readOperatorsFile("TRUSTED_DOCUMENTS", trustedFile), options, Object.values(accountPageDocuments));
}
