import { describe, expect, test } from "vitest";
import {
  ConfirmEmailChangeDocument,
  RegisterDocument,
  RequestEmailVerificationDocument,
  RequestPasswordResetDocument,
  VerifyEmailDocument,
} from "../generated/operations.ts";
import { codesOf, dataOf, type Reply } from "../support/client.ts";
import type { TestGateway } from "../support/gateway.ts";
import { askForChange, registerVerified } from "../support/mail/email-change.ts";
import { lastFacts, tokenOf } from "../support/mail/outbox.ts";
import { newEmail, PASSWORD } from "../support/sign-in.ts";
import { countOf, from, limitGateways, PER_ACCOUNT, times } from "./limited-gateways.ts";

const limited = limitGateways();
const { start } = limited;

async function register(gateway: TestGateway, email = newEmail()): Promise<string> {
  const { register: held } = dataOf(await gateway.send(RegisterDocument, { input: { email, password: PASSWORD } }, from("198.51.100.1")));
  attempt = held.verificationAttempt ?? "";
  return email;
}
/** What the client has that asked last. */
let attempt = "";
async function askAgain(gateway: TestGateway, email: string, address: string): Promise<void> {
  const asked = dataOf(await gateway.send(RequestEmailVerificationDocument, { email }, from(address)));
  attempt = asked.requestEmailVerification.attempt ?? "";
}
const codeTo = async (gateway: TestGateway, email: string) => (await lastFacts(gateway, email, "verify_email")).code;
const guess = (gateway: TestGateway, input: { email: string; code: string; attempt?: string }, address = "203.0.113.1") =>
  gateway.send(VerifyEmailDocument, { input: { attempt, ...input } }, from(address));
const wrong = (code: string, index: number) => String((Number(code) + 1 + index) % 1_000_000).padStart(6, "0");

describe("a code", () => {
  test("takes five tries, at once and through two processes; the sixth is refused though it is right", async () => {
    const [one, other] = [await start(PER_ACCOUNT), await start(PER_ACCOUNT)];
    const email = await register(one);
    const code = await codeTo(one, email);
    const replies = await times(12, (index) => guess(index % 2 ? one : other, { email, code: wrong(code, index) }, `192.0.2.${index}`));
    expect(countOf(replies, "INVALID_ONE_TIME_TOKEN")).toBe(12);
    const [row] = await limited.database.sql`select code_tries from one_time_tokens where email_key = ${email}`;
    expect(row?.code_tries).toBe(5);
    expect(codesOf(await guess(one, { email, code }))).toEqual(["INVALID_ONE_TIME_TOKEN"]);
    // The link is no code: nobody can guess it, and it stays good.
    dataOf(await one.send(VerifyEmailDocument, { input: { token: tokenOf(await lastFacts(one, email, "verify_email")) } }));
  });

  test("is good at the fifth try", async () => {
    const gateway = await start(PER_ACCOUNT);
    const email = await register(gateway);
    const code = await codeTo(gateway, email);
    for (let index = 0; index < 4; index += 1) await guess(gateway, { email, code: wrong(code, index) });
    dataOf(await guess(gateway, { email, code }));
  });

  test("is good with what the asking client was given alone; whoever has something else neither uses it nor its tries up", async () => {
    const gateway = await start(PER_ACCOUNT);
    const email = await register(gateway);
    const own = attempt;
    const code = await codeTo(gateway, email);
    const other = await register(gateway);
    expect(attempt).toMatch(/^at1_[\w-]{32}$/);
    for (let index = 0; index < 7; index += 1) {
      expect(codesOf(await guess(gateway, { email, code, attempt }, `192.0.2.${index}`))).toEqual(["INVALID_ONE_TIME_TOKEN"]);
    }
    dataOf(await guess(gateway, { email, code, attempt: own }));
    // A newer message has its own.
    await askAgain(gateway, other, "198.51.100.1");
    const before = attempt;
    await askAgain(gateway, other, "198.51.100.2");
    const newer = await codeTo(gateway, other);
    expect(codesOf(await guess(gateway, { email: other, code: newer, attempt: before }))).toEqual(["INVALID_ONE_TIME_TOKEN"]);
    dataOf(await guess(gateway, { email: other, code: newer }));
  });

  test("of a domain's addresses is guessed a hundred times an hour, however many are invented over a network of 48 bits", async () => {
    const gateway = await start("{ all: off, default: off, codeTriesPerDomain: { max: 12, window: 1h } }");
    const replies: Reply<unknown>[] = [];
    for (let index = 0; index < 10; index += 1) {
      const from48 = `2001:db8:7:${index}::1`;
      const email = `invented-${index}@victim.example`;
      await askAgain(gateway, email, from48);
      for (let tried = 0; tried < 2; tried += 1) replies.push(await guess(gateway, { email, code: "123456" }, from48));
    }
    expect([countOf(replies, "INVALID_ONE_TIME_TOKEN"), countOf(replies, "RATE_LIMITED")]).toEqual([12, 8]);
    // Another domain has its own count, and a right code costs nothing.
    const email = await register(gateway, newEmail());
    dataOf(await guess(gateway, { email, code: await codeTo(gateway, email) }, "2001:db8:8::1"));
  });

  test("shuts neither account nor domain with attempts that nobody was given, or that were given for another address", async () => {
    const gateway = await start(
      "{ all: off, default: off, codeTriesPerAccount: { max: 3, window: 1h }, codeTriesPerDomain: { max: 12, window: 1h } }",
    );
    const email = await register(gateway, `victim-${process.pid}@lockme.example`);
    const own = attempt;
    const refusals: Reply<unknown>[] = [];
    const invent = (index: number, input: { email: string; attempt: string }) =>
      guess(gateway, { code: "000000", ...input }, `192.0.2.${index}`).then((reply) => refusals.push(reply));
    await times(30, (index) => invent(index, { email: index % 2 ? email : `x${index}@lockme.example`, attempt: "at1_x" }));
    // One that is genuine, of an address without account: three guesses count for that address, and a fourth is refused.
    await askAgain(gateway, "nobody@lockme.example", "198.51.100.7");
    const others = attempt;
    await times(30, (index) => invent(index, { email, attempt: others }));
    expect(countOf(refusals, "INVALID_ONE_TIME_TOKEN")).toBe(60);
    const guesses: string[] = [];
    for (let index = 0; index < 4; index += 1) {
      guesses.push(...codesOf(await guess(gateway, { email: "nobody@lockme.example", code: "000000", attempt: others }, "192.0.2.99")));
    }
    expect(guesses).toEqual([...Array(3).fill("INVALID_ONE_TIME_TOKEN"), "RATE_LIMITED"]);
    dataOf(await guess(gateway, { email, code: await codeTo(gateway, email), attempt: own }, "192.0.2.100"));
  });

  test("that has had its five tries counts no more for the domain, however often it is sent", async () => {
    const gateway = await start(
      "{ all: off, default: off, Mutation.verifyEmail: off, Mutation.confirmEmailChange: off, codeTriesPerDomain: { max: 6, window: 1h } }",
    );
    await askAgain(gateway, "nobody@tried.example", "198.51.100.7");
    const replies: Reply<unknown>[] = [];
    for (let index = 0; index < 12; index += 1) replies.push(await guess(gateway, { email: "nobody@tried.example", code: "000000" }));
    expect(countOf(replies, "INVALID_ONE_TIME_TOKEN")).toBe(12);
    const email = await register(gateway, `member-${process.pid}@tried.example`);
    dataOf(await guess(gateway, { email, code: await codeTo(gateway, email) }));
    // The code of a change of address is no different.
    const mover = await registerVerified(gateway);
    const { code } = await askForChange(gateway, mover, `mover-${process.pid}@moved.example`);
    const input = { code: wrong(code, 0) };
    const refused: Reply<unknown>[] = [];
    for (let index = 0; index < 12; index += 1) {
      refused.push(await gateway.send(ConfirmEmailChangeDocument, { input }, { token: mover.accessToken }));
    }
    expect(countOf(refused, "INVALID_ONE_TIME_TOKEN")).toBe(12);
    const moved = await register(gateway, `member-${process.pid}@moved.example`);
    dataOf(await guess(gateway, { email: moved, code: await codeTo(gateway, moved) }));
  });

  test("does not set passwords: a reset has none", async () => {
    const gateway = await start(PER_ACCOUNT);
    const email = await register(gateway);
    dataOf(await gateway.send(RequestPasswordResetDocument, { email }));
    expect(Object.keys(await lastFacts(gateway, email, "reset_password"))).toEqual(["link"]);
    const rows = await limited.database
      .sql`select code_hash from one_time_tokens where email_key = ${email} and purpose = 'RESET_PASSWORD'`;
    expect(rows).toEqual([{ code_hash: null }]);
  });
});

describe("an account", () => {
  test("takes twenty codes in an hour, over new codes, processes, addresses and spellings of its own", async () => {
    const [one, other] = [await start(PER_ACCOUNT), await start(PER_ACCOUNT)];
    const email = await register(one, `jörg-${process.pid}@bücher.example`);
    const spellings = [email, email.toUpperCase(), ` ${email.normalize("NFD")}`, email.replace("bücher", "xn--bcher-kva")];
    const replies: Reply<unknown>[] = [];
    for (let round = 0; round < 4; round += 1) {
      const code = await codeTo(one, email);
      // One after the other: at once, some would count that come after the fifth.
      for (let index = 0; index < 8; index += 1) {
        const typed = { email: spellings[index % 4] ?? "", code: wrong(code, index) };
        replies.push(await guess(index % 2 ? one : other, typed, `192.0.2.${round * 8 + index}`));
      }
      await askAgain(one, email, `198.51.100.${round}`);
    }
    // Five of each code are guesses, and count; the three after them are judged no more.
    expect([countOf(replies, "INVALID_ONE_TIME_TOKEN"), countOf(replies, "RATE_LIMITED")]).toEqual([32, 0]);
    // Whoever guesses has shut the code, not the link.
    expect(codesOf(await guess(other, { email, code: await codeTo(one, email) }, "198.51.100.99"))).toEqual(["RATE_LIMITED"]);
    dataOf(await one.send(VerifyEmailDocument, { input: { token: tokenOf(await lastFacts(one, email, "verify_email")) } }));
  });

  test("is the same for an address that nobody has, and another account has its own count", async () => {
    const gateway = await start(PER_ACCOUNT);
    const replies: Reply<unknown>[] = [];
    for (let round = 0; round < 5; round += 1) {
      await askAgain(gateway, "nobody@example.com", `198.51.100.${round}`);
      for (let index = 0; index < 5; index += 1) replies.push(await guess(gateway, { email: "nobody@example.com", code: "123456" }));
    }
    expect([countOf(replies, "INVALID_ONE_TIME_TOKEN"), countOf(replies, "RATE_LIMITED")]).toEqual([20, 5]);
    const email = await register(gateway);
    dataOf(await guess(gateway, { email, code: await codeTo(gateway, email) }));
  });

  test("has the number that gateway.yaml gives it", async () => {
    const gateway = await start("{ default: { max: 1000, window: 1m }, codeTriesPerAccount: { max: 2, window: 1m } }");
    await askAgain(gateway, "nobody@example.com", "198.51.100.1");
    const replies = await times(5, (index) => guess(gateway, { email: "nobody@example.com", code: "123456" }, `192.0.2.${index}`));
    expect(countOf(replies, "RATE_LIMITED")).toBe(3);
  });
});
