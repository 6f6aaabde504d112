import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  ChangePasswordDocument,
  LoginDocument,
  RegisterDocument,
  RequestEmailVerificationDocument,
  RequestPasswordResetDocument,
  ResetPasswordDocument,
  VerifyEmailDocument,
} from "../generated/operations.ts";
import { codesOf, dataOf } from "../support/client.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { lastFacts, messagesTo, tokenOf } from "../support/mail/outbox.ts";
import { rounds } from "../support/rounds.ts";
import { newEmail, PASSWORD } from "../support/sign-in.ts";

// Two gateways on one database, and something that only one of two may do. Hashes take next to no time here, so that both meet in the
// statements.

const ROUNDS = rounds(10);
const allRounds = Array.from({ length: ROUNDS }, (_, round) => round);

let one: TestGateway;
let other: TestGateway;
beforeAll(async () => {
  one = await startTestGateway();
  other = await startTestGateway({ database: one.database });
});
afterAll(async () => {
  await other.close();
  await one.close();
});

async function resetTokenOf(email: string): Promise<string> {
  dataOf(await one.send(RequestPasswordResetDocument, { email }));
  return tokenOf(await lastFacts(one, email, "reset_password"));
}

const factsFor = (email: string) => lastFacts(one, email, "verify_email");
const reset = (on: TestGateway, token: string, newPassword: string) => on.send(ResetPasswordDocument, { input: { token, newPassword } });
const live = async (userId: string) =>
  (await one.database.sql`select count(*)::int as n from sessions where user_id = ${userId} and ended_at is null`)[0]?.n;

describe("of two at once exactly one wins", () => {
  test("with one link that verifies", async () => {
    for (const _ of allRounds) {
      const { user } = await one.register();
      const token = tokenOf(await factsFor(user.email));
      const replies = await Promise.all([one, other].map((gateway) => gateway.send(VerifyEmailDocument, { input: { token } })));
      expect(replies.map(codesOf).sort()).toEqual([[], ["INVALID_ONE_TIME_TOKEN"]]);
    }
  });

  test("with the link and the code of one message", async () => {
    for (const _ of allRounds) {
      const { user } = await one.register();
      const asked = dataOf(await one.send(RequestEmailVerificationDocument, { email: user.email }));
      const { attempt } = asked.requestEmailVerification;
      const { code, ...facts } = await factsFor(user.email);
      const replies = await Promise.all([
        one.send(VerifyEmailDocument, { input: { token: tokenOf(facts) } }),
        other.send(VerifyEmailDocument, { input: { email: user.email, code, attempt } }),
      ]);
      expect(replies.map(codesOf).sort()).toEqual([[], ["INVALID_ONE_TIME_TOKEN"]]);
      const events = await one.database.sql`select succeeded from audit_events where user_id = ${user.id} and type = 'EMAIL_VERIFIED'`;
      expect(events.filter(({ succeeded }) => succeeded)).toHaveLength(1);
    }
  });

  test("with one link that sets a password, and the winner's password is the one that counts", async () => {
    for (const _ of allRounds) {
      const { user } = await one.register();
      const token = await resetTokenOf(user.email);
      const passwords = ["the first walk by the sea", "the second walk by the sea"] as const;
      const replies = await Promise.all([reset(one, token, passwords[0]), reset(other, token, passwords[1])]);
      expect(replies.map(codesOf).sort()).toEqual([[], ["INVALID_ONE_TIME_TOKEN"]]);
      const winner = passwords[replies.findIndex((reply) => codesOf(reply).length === 0)] ?? "";
      dataOf(await one.send(LoginDocument, { input: { email: user.email, password: winner } }));
      expect(await live(user.id)).toBe(1);
    }
  });
});

test("a login beside a reset leaves no session of the old password", async () => {
  for (const _ of allRounds) {
    const { user } = await one.register();
    const token = await resetTokenOf(user.email);
    await Promise.all([
      reset(one, token, "another walk by the sea"),
      other.send(LoginDocument, { input: { email: user.email, password: PASSWORD } }),
    ]);
    expect(await live(user.id)).toBe(0);
  }
});

test("a changed password and a reset at once: both are done only one after the other, and the last one's password counts", async () => {
  for (const _ of allRounds) {
    const { user, accessToken } = await one.register();
    const token = await resetTokenOf(user.email);
    const change = { input: { currentPassword: PASSWORD, newPassword: "a walk in the woods" } };
    const [changed, done] = await Promise.all([
      one.send(ChangePasswordDocument, change, { token: accessToken }),
      reset(other, token, "another walk by the sea"),
    ]);
    // Whichever is first makes the other one void.
    const outcomes = [codesOf(changed), codesOf(done)];
    expect([
      [["UNAUTHENTICATED"], []],
      [["INVALID_CREDENTIALS"], []],
      [[], ["INVALID_ONE_TIME_TOKEN"]],
    ]).toContainEqual(outcomes);
    const password = codesOf(done).length === 0 ? "another walk by the sea" : "a walk in the woods";
    dataOf(await one.send(LoginDocument, { input: { email: user.email, password } }));
  }
});

test("a newer message beside the use of the older one: nobody waits in a circle, and the newer one is good or not needed", async () => {
  for (const _ of allRounds) {
    const { user } = await one.register();
    const token = tokenOf(await factsFor(user.email));
    const [used] = await Promise.all([
      one.send(VerifyEmailDocument, { input: { token } }),
      other.send(RequestEmailVerificationDocument, { email: user.email }),
    ]);
    const newest = (await messagesTo(one, user.email)).at(-1)?.content;
    expect([used.errors.length, newest?.template]).toEqual(used.errors.length === 0 ? [0, "already_verified"] : [1, "verify_email"]);
    if (newest?.template === "verify_email") dataOf(await one.send(VerifyEmailDocument, { input: { token: tokenOf(newest.facts) } }));
  }
});

test("registrations of one new address at once, where proof is required: one account, one answer, its proof lets it in", async () => {
  const options = { database: one.database, env: { EMAIL_VERIFICATION: "required" } };
  const [left, right] = [await startTestGateway(options), await startTestGateway(options)];
  for (const _ of allRounds.slice(0, ROUNDS / 2)) {
    const email = newEmail();
    const input = { email, password: PASSWORD };
    const replies = await Promise.all([left, right, left, right].map((gateway) => gateway.send(RegisterDocument, { input })));
    expect(replies.flatMap(codesOf)).toEqual(Array(4).fill("EMAIL_NOT_VERIFIED"));
    const [row] = await one.database.sql`select count(*)::int as users from users where email_key = ${email}`;
    expect(row?.users).toBe(1);
    dataOf(await left.send(VerifyEmailDocument, { input: { token: tokenOf(await factsFor(email)) } }));
    // Several passwords were claimed, for all that anybody knows: the link of the message sets the one that counts.
    dataOf(await reset(right, tokenOf(await lastFacts(one, email, "reset_password")), "another walk by the sea"));
    dataOf(await left.send(LoginDocument, { input: { email, password: "another walk by the sea" } }));
  }
  await Promise.all([left.close(), right.close()]);
});
