import type { TlsSettings } from "../connection-string/connection-settings.ts";

/** What is wrong with the way to the database, said by the setting that mends it. */
export class DatabaseTlsError extends Error {
  override readonly name = "DatabaseTlsError";
  readonly code = "TLS_FAILED";
}

const UNTRUSTED = /^(UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|CERT_(?!HAS_EXPIRED)|INVALID_CA)/;

/** What else it is stays as it is. */
export function explainTlsFailure(error: unknown, tls: TlsSettings): unknown {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID")
    return new DatabaseTlsError(
      "The database's certificate is for another host. Write that host into DATABASE_URL, or sslmode=verify-ca if only " +
        "its authority matters.",
      { cause: error },
    );
  if (code === "CERT_HAS_EXPIRED") return new DatabaseTlsError("The database's certificate has expired.", { cause: error });
  if (UNTRUSTED.test(code))
    return new DatabaseTlsError(
      tls.authorityFile === undefined
        ? "The database's certificate comes from no authority that is known. Name the authority's file with sslrootcert " +
            "in DATABASE_URL, or write sslmode=require to take any certificate."
        : "The database's certificate does not come from the authority in the file that sslrootcert of DATABASE_URL names.",
      { cause: error },
    );
  if (/^(ERR_SSL|ERR_OSSL|ERR_TLS|EPROTO)/.test(code))
    return new DatabaseTlsError(
      `TLS with the database failed (${code}). See sslmode, sslcert, sslkey and ssl_min_protocol_version in DATABASE_URL.`,
      { cause: error },
    );
  return error;
}
