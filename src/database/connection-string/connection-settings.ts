/** Where PostgreSQL is, who we are to it, and how the way there is kept safe. */
export interface ConnectionSettings {
  /** Tried in this order. A host that begins with a slash is the folder of a Unix socket. */
  readonly hosts: readonly Host[];
  readonly user: string;
  readonly password: string;
  readonly database: string;
  readonly tls: TlsSettings;
  readonly channelBinding: "disable" | "prefer" | "require";
  /** How the server may let us in. */
  readonly acceptedProofs: ReadonlySet<Proof>;
  readonly connectMilliseconds: number;
  /** What the server is told in addition as a connection opens. */
  readonly parameters: Readonly<Record<string, string>>;
  /** Undefined: the string does not say. */
  readonly preparesStatements: boolean | undefined;
  readonly needsWritable: boolean;
}

/** What a server asks for, as `require_auth` calls it. */
export type Proof = "password" | "md5" | "scram-sha-256" | "none";

export interface Host {
  /** For the certificate. */
  readonly name: string;
  /** What is called: the name, unless `hostaddr` says otherwise. */
  readonly address: string;
  readonly port: number;
}

export interface TlsSettings {
  readonly mode: "disable" | "allow" | "prefer" | "require" | "verify-ca" | "verify-full";
  /** Without asking first, as PostgreSQL 17 can. */
  readonly isDirect: boolean;
  readonly authorityFile: string | undefined;
  readonly certificateFile: string | undefined;
  readonly keyFile: string | undefined;
  readonly keyPassword: string | undefined;
  readonly minimumVersion: TlsVersion | undefined;
  readonly maximumVersion: TlsVersion | undefined;
}

export type TlsVersion = "TLSv1" | "TLSv1.1" | "TLSv1.2" | "TLSv1.3";
