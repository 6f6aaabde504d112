import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

export interface Certificate {
  readonly file: string;
  readonly keyFile: string;
}

export interface CertificateOptions {
  /** Absent: it vouches for itself, and for others. */
  readonly authority?: Certificate;
  /** Whose it is; absent: the file's name. */
  readonly subject?: string;
  /** As openssl writes them: `DNS:db.test,IP:127.0.0.1`. */
  readonly names?: string;
  /** Of the key and the signature. */
  readonly how?: readonly string[];
  /** Encrypts the key. */
  readonly keyPassword?: string;
}

/** Made by openssl, in a folder of the test's. */
export async function makeCertificate(folder: string, name: string, options: CertificateOptions = {}): Promise<Certificate> {
  const { authority, subject = name, names, how = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"], keyPassword } = options;
  const made = { file: join(folder, `${name}.pem`), keyFile: join(folder, `${name}.key`) };
  await run("openssl", [
    ...["req", "-x509", ...how, "-days", "30", "-subj", `/CN=${subject}`, "-out", made.file, "-keyout", made.keyFile],
    ...(keyPassword === undefined ? ["-nodes"] : ["-passout", `pass:${keyPassword}`]),
    ...(authority === undefined ? [] : ["-CA", authority.file, "-CAkey", authority.keyFile]),
    ...(names === undefined ? [] : ["-addext", `subjectAltName=${names}`]),
  ]);
  return made;
}
