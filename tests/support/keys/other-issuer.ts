import { generateKeyPairSync, type KeyObject, type KeyPairKeyObjectResult } from "node:crypto";
import { type JWTPayload, SignJWT } from "jose";
import { type KeyServer, startKeyServer } from "./key-server.ts";

const AUDIENCE = "https://api.test";

/** A key of another issuer's. */
export interface IssuerKey {
  readonly kid: string;
  readonly alg: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

export interface Forgery {
  readonly header?: Readonly<Record<string, unknown>>;
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly by?: IssuerKey;
  /** Seconds since the epoch; the time of the machine unless it is given. */
  readonly at?: number;
}

/** An identity provider, as far as gateways see one: a discovery document, keys, and tokens that somebody got from it. */
export interface TestIssuer extends KeyServer {
  /** The key that signs unless another is given. */
  readonly key: IssuerKey;
  /** Publishes these keys, and no others. */
  publish(...keys: readonly IssuerKey[]): void;
  /** An access token for `AUDIENCE`, for five minutes; different in what is given. */
  sign(forgery?: Forgery): Promise<string>;
  /** Its entry in the section `issuers`; `lines` are more of its keys. */
  entry(...lines: readonly string[]): string;
}

let keys = 0;

/** More than any test has at once. They come round again under new ids: making one takes a quarter of a second. */
const RSA_PAIRS = 8;
const rsaPairs: KeyPairKeyObjectResult[] = [];

export function newIssuerKey(alg: "RS256" | "ES256" = "RS256"): IssuerKey {
  keys += 1;
  const pair = alg === "RS256" ? nextRsaPair(keys % RSA_PAIRS) : generateKeyPairSync("ec", { namedCurve: "P-256" });
  return { kid: `other-${keys}`, alg, ...pair };
}

function nextRsaPair(place: number): KeyPairKeyObjectResult {
  rsaPairs[place] ??= generateKeyPairSync("rsa", { modulusLength: 2048 });
  return rsaPairs[place];
}

export async function startTestIssuer(port?: number): Promise<TestIssuer> {
  const server = await startKeyServer(port);
  const key = newIssuerKey();

  function publish(...published: readonly IssuerKey[]): void {
    const jwks = published.map(({ kid, alg, publicKey }) => ({ ...publicKey.export({ format: "jwk" }), kid, alg, use: "sig" }));
    server.answer("/keys", { keys: jwks });
  }

  publish(key);
  server.answer("/.well-known/openid-configuration", { issuer: server.url, jwks_uri: `${server.url}/keys` });
  return {
    ...server,
    key,
    publish,
    async sign({ header = {}, claims = {}, by = key, at = Math.floor(Date.now() / 1000) } = {}) {
      const payload: JWTPayload = { iss: server.url, aud: AUDIENCE, iat: at, exp: at + 300, sub: "248289761001", ...claims };
      return new SignJWT(payload).setProtectedHeader({ alg: by.alg, kid: by.kid, typ: "at+jwt", ...header }).sign(by.privateKey);
    },
    entry(...lines) {
      return ["", `  - issuer: ${server.url}`, `    audience: ${AUDIENCE}`, ...lines.map((line) => `    ${line}`), ""].join("\n");
    },
  };
}
