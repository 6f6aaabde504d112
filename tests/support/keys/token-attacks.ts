import { createHmac, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { afterAll, beforeAll, expect } from "vitest";
import type { AnonymousReason } from "../../../src/core/permissions.ts";
import { LogoutDocument, MeDocument } from "../../generated/operations.ts";
import { dataOf } from "../client.ts";
import type { TestClock } from "../clock.ts";
import { startTestGateway, type TestGateway } from "../gateway.ts";

type Members = Record<string, unknown>;

/** What an attacker has: a token of their own, all that is public, and a key pair that nobody here knows. */
export interface Material {
  readonly token: string;
  readonly refreshToken: string;
  readonly header: Members;
  readonly claims: Members;
  readonly publicKey: KeyObject;
}

export const attacker = generateKeyPairSync("ec", { namedCurve: "P-256" });
export const attackerRsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
export const attackerJwk = attacker.publicKey.export({ format: "jwk" });

export function partsOf(token: string): [string, string, string] {
  const [header = "", payload = "", signature = ""] = token.split(".");
  return [header, payload, signature];
}

function decodePart(token: string, index: 0 | 1): Members {
  return JSON.parse(Buffer.from(partsOf(token)[index], "base64url").toString());
}

export function encode(part: unknown): string {
  return Buffer.from(typeof part === "string" ? part : JSON.stringify(part)).toString("base64url");
}

type Signer = (input: string) => string;
export const es256 =
  (key: KeyObject): Signer =>
  (input) =>
    sign("sha256", Buffer.from(input), { key, dsaEncoding: "ieee-p1363" }).toString("base64url");
export const rs256 =
  (key: KeyObject): Signer =>
  (input) =>
    sign("sha256", Buffer.from(input), key).toString("base64url");
export const hs256 =
  (secret: string | Buffer): Signer =>
  (input) =>
    createHmac("sha256", secret).update(input).digest("base64url");

export function forge(header: unknown, payload: unknown, signer: Signer): string {
  const input = `${encode(header)}.${encode(payload)}`;
  return `${input}.${signer(input)}`;
}

export type Attack = readonly [name: string, reason: AnonymousReason, token: (from: Material) => string];

/** A gateway, somebody who is signed in, and what is expected of tokens that an attacker makes of theirs. */
export function attackTokens() {
  let gateway: TestGateway;
  let material: Material;
  /** Stands still, so that the tolerance can be tried to the second. */
  const start = Math.floor(Date.now() / 1000) * 1000;
  let elapsed = 0;
  const clock: TestClock = {
    now: () => new Date(start + elapsed),
    advance(seconds) {
      elapsed += seconds * 1000;
    },
  };
  const nowSeconds = () => clock.now().getTime() / 1000;

  beforeAll(async () => {
    gateway = await startTestGateway({ clock });
    const { accessToken, refreshToken } = await gateway.register();
    const { verifyingKey } = gateway.auth.signingKeys.signer();
    material = {
      token: accessToken,
      refreshToken: refreshToken ?? "",
      header: decodePart(accessToken, 0),
      claims: decodePart(accessToken, 1),
      publicKey: verifyingKey,
    };
  });
  afterAll(() => gateway.close());

  /** Signed by the gateway's own key, as if a bug or an insider had issued it. */
  function issued(changes: { header?: Members; claims?: Members | string }): string {
    const claims = typeof changes.claims === "string" ? changes.claims : { ...material.claims, ...changes.claims };
    return forge({ ...material.header, ...changes.header }, claims, es256(gateway.auth.signingKeys.signer().signingKey));
  }

  async function state(): Promise<Members | undefined> {
    const [row] = await gateway.database.sql`select (select count(*)::int from audit_events) as events,
      (select count(*)::int from sessions where ended_at is null) as live, (select count(*)::int from signing_keys) as keys`;
    return row;
  }

  /** The whole promise about a bad token: the guarded field says why, the public one answers, nothing changes, a good token still works. */
  async function expectAnonymous(headers: Record<string, string>, reason: AnonymousReason): Promise<void> {
    const before = await state();
    const reply = await gateway.post({ query: "{ __typename me { id } }" }, { headers });
    expect(reply.status).toBe(200);
    expect(reply.data).toEqual({ __typename: "Query", me: null });
    expect(reply.errors).toEqual([
      {
        message: "This field needs a valid access token.",
        locations: [{ line: 1, column: 14 }],
        path: ["me"],
        extensions: { code: "UNAUTHENTICATED", reason, coordinate: "Query.me", directive: "authenticated" },
      },
    ]);
    expect(dataOf(await gateway.send(LogoutDocument, {}, { headers })).logout).toEqual({ endedSessions: 0 });
    expect(await state()).toEqual(before);
    expect(dataOf(await gateway.send(MeDocument, {}, { token: material.token })).me?.id).toBe(material.claims.sub);
  }

  async function expectRefused([, reason, token]: Attack): Promise<void> {
    await expectAnonymous({ authorization: `Bearer ${token(material)}` }, reason);
  }

  return {
    get gateway() {
      return gateway;
    },
    get material() {
      return material;
    },
    nowSeconds,
    issued,
    expectAnonymous,
    expectRefused,
  };
}
