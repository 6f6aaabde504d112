import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { SignJWT } from "jose";
import { afterAll, beforeAll, beforeEach } from "vitest";
import { createVerifier, type VerifyIdentity } from "../../../packages/verify/src/verifier.ts";
import type { IdentifiedCaller } from "../../../src/auth/tokens/identified-caller.ts";
import { createIdentityTokens } from "../../../src/auth/tokens/identity-tokens.ts";
import { keyFromPrivate } from "../../../src/auth/tokens/keys/key-pairs.ts";
import { createFixedKeys, type SignerKey } from "../../../src/auth/tokens/keys/signing-keys.ts";
import { systemClock } from "../../../src/core/clock.ts";
import { createSecureRandom } from "../../../src/core/random.ts";
import { type KeyServer, startKeyServer } from "./key-server.ts";

export const JWKS_PATH = "/.well-known/jwks.json";
export const newKey = () => keyFromPrivate("ES256", generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey);
export const now = () => Math.floor(Date.now() / 1000);

export interface Forgery {
  readonly header?: Readonly<Record<string, unknown>>;
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly by?: KeyObject;
}

/** A server at the address of a gateway, with a new key before each test, and what verifies identity tokens by it. */
export function serveIdentityKeys() {
  /** What stands at the gateway's address. */
  let server: KeyServer;
  let key: SignerKey;
  let verify: VerifyIdentity;
  beforeAll(async () => {
    server = await startKeyServer();
  });
  afterAll(() => server.close());
  beforeEach(() => {
    key = newKey();
    publish(key);
    verify = createVerifier({ issuer: server.url, audience: "products" });
  });

  function publish(...keys: SignerKey[]): void {
    server.answer(JWKS_PATH, { keys: keys.map(({ publicJwk }) => publicJwk) });
  }

  const fetches = () => server.asked.filter((path) => path === JWKS_PATH).length;

  /** How many times the keys are read while the work lasts. */
  async function fetchesDuring(work: () => Promise<unknown>): Promise<number> {
    const before = fetches();
    await work();
    return fetches() - before;
  }

  function viewer(facts: Partial<IdentifiedCaller> = {}): IdentifiedCaller {
    const expiresAt = new Date(Date.now() + 900_000);
    return {
      issuer: server.url,
      subject: "u-1",
      sessionId: "s-1",
      roles: new Set(["user"]),
      scopes: new Set(["a", "b"]),
      expiresAt,
      ...facts,
    };
  }

  /** As the gateway issues it. */
  function issue(caller: IdentifiedCaller = viewer(), { audience = "products", issuer = server.url, by = key } = {}): string {
    const tokens = createIdentityTokens({ keys: createFixedKeys([by]), clock: systemClock, random: createSecureRandom() }, { issuer });
    return tokens.issue(caller, { audience, claims: ["email"] });
  }

  const genuine = () => ({
    iss: server.url,
    aud: "products",
    iat: now(),
    exp: now() + 60,
    jti: "j",
    sub: "u-1",
    sid: "s-1",
    roles: ["user"],
    scope: "",
  });

  /** A token that differs from a genuine one in what is given; signed by the gateway's own key unless by another. */
  function forge({ header = {}, claims = {}, by = key.signingKey }: Forgery): Promise<string> {
    const protectedHeader = { alg: "ES256", kid: key.kid, typ: "gateway-identity+jwt", ...header };
    return new SignJWT({ ...genuine(), ...claims }).setProtectedHeader(protectedHeader).sign(by);
  }

  return {
    get server() {
      return server;
    },
    get key() {
      return key;
    },
    get verify() {
      return verify;
    },
    publish,
    fetchesDuring,
    viewer,
    issue,
    genuine,
    forge,
  };
}
