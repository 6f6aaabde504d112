import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { callerKey } from "../../src/auth/limits/callers.ts";
import { ConfigError } from "../../src/config/values/config-error.ts";
import { codesOf } from "../support/client.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { newEmail, PASSWORD } from "../support/sign-in.ts";

const addressOf = (ipAddress: string | null) => callerKey(undefined, { ipAddress, userAgent: null });

test.each([
  ["one IPv6 /64", ["2001:db8:1:2::1", "2001:DB8:1:2:ffff:ffff:ffff:ffff", "2001:0db8:0001:0002:0:0:0:9"]],
  ["an IPv4 address, mapped into IPv6 or not", ["203.0.113.7", "::ffff:203.0.113.7", "::FFFF:cb00:7107", "0:0:0:0:0:ffff:203.0.113.7"]],
  ["link-local addresses of several interfaces", ["fe80::1", "fe80::1%eth0", "fe80::2%eth1"]],
])("%s is one caller", (_title, addresses) => {
  expect(new Set(addresses.map(addressOf)).size).toBe(1);
});

test("neighbours, users and nobody are callers of their own", () => {
  const addresses = ["2001:db8:1:2::1", "2001:db8:1:3::1", "::1", "203.0.113.7", "203.0.113.8", "127.0.0.1", null];
  const user = callerKey({ userId: "0197" }, { ipAddress: "203.0.113.7", userAgent: null });
  expect(new Set([...addresses.map(addressOf), user]).size).toBe(addresses.length + 1);
});

const LIMITS = "{ default: { max: 3, window: 1m } }";

/** How many of ten calls were admitted, each with its own X-Forwarded-For. */
async function countAdmitted(gateway: TestGateway, forwardedFor: (index: number) => string): Promise<number> {
  let admitted = 0;
  for (let index = 0; index < 10; index += 1) {
    const reply = await gateway.post({ query: "{ me { id } }" }, { headers: { "x-forwarded-for": forwardedFor(index) } });
    if (codesOf(reply).includes("UNAUTHENTICATED")) admitted += 1;
  }
  return admitted;
}

describe("without TRUSTED_PROXIES", () => {
  test("X-Forwarded-For changes nothing, for limits and for the audit", async () => {
    const gateway = await startTestGateway({ limits: LIMITS });
    expect(await countAdmitted(gateway, (index) => `203.0.113.${index}`)).toBe(3);
    await gateway.post(
      { query: `mutation { register(input: { email: "${newEmail()}", password: "${PASSWORD}" }) { expiresIn } }` },
      { headers: { "x-forwarded-for": "203.0.113.1", forwarded: "for=203.0.113.1", "x-real-ip": "203.0.113.1" } },
    );
    const events = await gateway.database.sql`select ip_address from audit_events where type = 'REGISTERED'`;
    expect(events.map(({ ip_address }) => ip_address)).toEqual(["127.0.0.1"]);
    await gateway.close();
  });
});

describe("behind trusted proxies", () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startTestGateway({ limits: LIMITS, env: { TRUSTED_PROXIES: "127.0.0.0/8, 10.0.0.0/8" } });
  });
  afterAll(() => gateway.close());

  test("the address that the first of them saw counts", async () => {
    expect(await countAdmitted(gateway, (index) => `203.0.113.${index}`)).toBe(10);
    expect(await countAdmitted(gateway, () => "203.0.113.50")).toBe(3);
    expect(await countAdmitted(gateway, () => "203.0.113.51, 10.1.2.3")).toBe(3);
  });

  test("what the client has written itself, left of that, does not", async () => {
    expect(await countAdmitted(gateway, (index) => `192.0.2.${index}, 203.0.113.60`)).toBe(3);
    expect(await countAdmitted(gateway, (index) => `10.0.0.${index}, 192.0.2.${index}, 203.0.113.61, 10.9.9.9`)).toBe(3);
  });

  test("one IPv6 /64 is one caller, with port or without, and an IPv4 address in whatever form", async () => {
    expect(await countAdmitted(gateway, (index) => `2001:db8:5:5::${index + 1}`)).toBe(3);
    expect(await countAdmitted(gateway, (index) => `[2001:db8:5:6::${index + 1}]:${4000 + index}`)).toBe(3);
    const forms = ["203.0.113.70", "::ffff:203.0.113.70", "203.0.113.70:4711"];
    expect(await countAdmitted(gateway, (index) => forms[index % 3] ?? "")).toBe(3);
  });

  test("a port at every hop makes nobody another caller, nor everybody one", async () => {
    expect(await countAdmitted(gateway, (index) => `198.51.100.${index}:4711, 10.0.0.5:443`)).toBe(10);
    expect(await countAdmitted(gateway, (index) => `198.51.100.70:${4000 + index}, 10.0.0.5:443`)).toBe(3);
  });

  test("what is no address is nobody's, and all of it together is one caller", async () => {
    expect(await countAdmitted(gateway, (index) => `unknown-${index}`)).toBe(3);
  });

  test("sessions keep the whole address", async () => {
    const query = `mutation { register(input: { email: "${newEmail()}", password: "${PASSWORD}" }) { session { ipAddress } } }`;
    const reply = await gateway.post({ query }, { headers: { "x-forwarded-for": "2001:db8:7:7:1:2:3:4" } });
    expect(reply.data).toMatchObject({ register: { session: { ipAddress: "2001:db8:7:7:1:2:3:4" } } });
  });
});

test("limits of fields that do not exist stop the start, each with its name and an example", async () => {
  const start = startTestGateway({ limits: "{ Mutation.signIn: off, Query.me: { max: 1, window: 1m }, User.email: off }" });
  const error = await start.catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(ConfigError);
  expect((error as ConfigError).problems).toMatchObject([
    { variable: "gateway.yaml: limits.Mutation.signIn", example: expect.stringContaining("Mutation.login") },
    { variable: "gateway.yaml: limits.User.email" },
  ]);
});
