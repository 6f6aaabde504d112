import { describe, expect, test } from "vitest";
import {
  RegisterDocument,
  RequestEmailVerificationDocument,
  RequestPasswordResetDocument,
  ResetPasswordDocument,
  VerifyEmailDocument,
} from "../generated/operations.ts";
import { codesOf, dataOf, type Reply } from "../support/client.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { messagesTo } from "../support/mail/outbox.ts";
import { newEmail, PASSWORD } from "../support/sign-in.ts";
import { countOf, from, limitGateways, PER_ACCOUNT, PRODUCT, times } from "./limited-gateways.ts";

const limited = limitGateways();
const { start } = limited;

async function registerAt(gateway: TestGateway, email = newEmail()): Promise<string> {
  dataOf(await gateway.send(RegisterDocument, { input: { email, password: PASSWORD } }, from("198.51.100.1")));
  return email;
}

describe("messages", () => {
  test("go to one address five times in an hour, whoever asks for which, whether or not it has an account", async () => {
    const [one, other] = [await start(PER_ACCOUNT), await start(PER_ACCOUNT)];
    const known = await registerAt(one);
    await limited.database.sql`truncate rate_limits`;
    for (const email of [known, newEmail()]) {
      const before = (await messagesTo(one, email)).length;
      const replies = await times<Reply<unknown>>(12, (index) => {
        const options = from(`192.0.2.${index}`);
        const spelled = index % 3 === 0 ? email.toUpperCase() : email;
        return index % 2
          ? one.send(RequestPasswordResetDocument, { email: spelled }, options)
          : other.send(RequestEmailVerificationDocument, { email: spelled }, options);
      });
      expect(countOf(replies, "RATE_LIMITED")).toBe(7);
      expect((await messagesTo(one, email)).length - before).toBe(5);
    }
    one.clock.advance(3600);
    dataOf(await one.send(RequestPasswordResetDocument, { email: known }));
  });

  test("of registrations are five in an hour, too, where an address has to be proven; requests keep nobody from registering", async () => {
    const gateway = await startTestGateway({
      database: limited.database,
      limits: PER_ACCOUNT,
      env: { TRUSTED_PROXIES: "127.0.0.1", EMAIL_VERIFICATION: "required" },
    });
    limited.gateways.push(gateway);
    const email = newEmail();
    const input = { email, password: PASSWORD };
    const asked = await times(9, (index) => gateway.send(RequestPasswordResetDocument, { email }, from(`192.0.2.${index}`)));
    expect(countOf(asked, "RATE_LIMITED")).toBe(4);
    const replies = await times(9, (index) => gateway.send(RegisterDocument, { input }, from(`192.0.2.${index}`)));
    expect([countOf(replies, "EMAIL_NOT_VERIFIED"), countOf(replies, "RATE_LIMITED")]).toEqual([5, 4]);
    expect(await messagesTo(gateway, email)).toHaveLength(10);
  });

  test("keep nobody from registering where nothing has to be proven", async () => {
    const gateway = await start(PER_ACCOUNT);
    const email = newEmail();
    const input = { email, password: PASSWORD };
    const replies = await times(9, (index) => gateway.send(RegisterDocument, { input }, from(`192.0.2.${index}`)));
    expect([countOf(replies, "EMAIL_TAKEN"), countOf(replies, "RATE_LIMITED")]).toEqual([8, 0]);
  });

  test("are asked for five times in an hour from one address, for whomever, signed in or not", async () => {
    const gateway = await start(PRODUCT);
    const ask = () => gateway.send(RequestPasswordResetDocument, { email: newEmail() }, from("203.0.113.7"));
    expect(countOf(await times(9, ask), "RATE_LIMITED")).toBe(4);
    const { data } = await gateway.send(RegisterDocument, { input: { email: newEmail(), password: PASSWORD } }, from("203.0.113.8"));
    const signedIn = { ...from("203.0.113.7"), token: data?.register.accessToken };
    expect(codesOf(await gateway.send(RequestPasswordResetDocument, { email: newEmail() }, signedIn))).toEqual(["RATE_LIMITED"]);
  });
});

test("tokens are tried ten times in 15 minutes from one address; a password that breaks a rule is no try", async () => {
  const gateway = await start(PRODUCT);
  const reset = (newPassword: string) =>
    gateway.send(ResetPasswordDocument, { input: { token: `ot2_${"A".repeat(64)}`, newPassword } }, from("203.0.113.7"));
  for (let index = 0; index < 12; index += 1) expect(codesOf(await reset("short"))).toEqual(["BAD_USER_INPUT"]);
  const replies = await times(14, () => reset("another walk by the sea"));
  expect([countOf(replies, "INVALID_ONE_TIME_TOKEN"), countOf(replies, "RATE_LIMITED")]).toEqual([10, 4]);
  const verify = await times(14, () => gateway.send(VerifyEmailDocument, { input: { token: "x" } }, from("203.0.113.7")));
  expect([countOf(verify, "INVALID_ONE_TIME_TOKEN"), countOf(verify, "RATE_LIMITED")]).toEqual([10, 4]);
});
