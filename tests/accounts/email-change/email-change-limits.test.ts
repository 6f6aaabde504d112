import { afterAll, beforeAll, expect, test } from "vitest";
import { ConfirmEmailChangeDocument, RequestEmailChangeDocument } from "../../generated/operations.ts";
import { codesOf } from "../../support/client.ts";
import { createTestDatabase, type TestDatabase } from "../../support/database.ts";
import { startTestGateway, type TestGateway } from "../../support/gateway.ts";
import { askForChange, registerVerified, stateOf } from "../../support/mail/email-change.ts";
import { newEmail } from "../../support/sign-in.ts";

/** The product's own limit of codes and messages; the fields' own would be reached before it. */
const LIMITS = `{
  Mutation.register: off, Mutation.login: off,
  Mutation.requestEmailChange: { max: 1000, window: 1h }, Mutation.confirmEmailChange: { max: 1000, window: 1h } }`;

let database: TestDatabase;
let one: TestGateway;
let other: TestGateway;
beforeAll(async () => {
  database = await createTestDatabase();
  one = await startTestGateway({ database, limits: LIMITS });
  other = await startTestGateway({ database, clock: one.clock, limits: LIMITS });
});
afterAll(async () => {
  await Promise.all([one.close(), other.close()]);
  await database.drop();
});

test("a user tries 20 codes an hour, whatever number of codes they ask for, over two processes; the right one has to wait", async () => {
  const held = await registerVerified(one);
  let tried = 0;
  let right = "";
  for (let codes = 0; codes < 5; codes += 1) {
    const { code } = await askForChange(one, held, newEmail());
    right = code;
    const wrong = code === "000000" ? "000001" : "000000";
    const tries = Array.from({ length: 4 }, (_, index) =>
      (index % 2 === 0 ? one : other).send(ConfirmEmailChangeDocument, { input: { code: wrong } }, { token: held.accessToken }),
    );
    const answers = (await Promise.all(tries)).flatMap(codesOf);
    expect(new Set(answers)).toEqual(new Set(["INVALID_ONE_TIME_TOKEN"]));
    tried += answers.length;
  }
  expect(tried).toBe(20);
  const byCode = (token: string) => other.send(ConfirmEmailChangeDocument, { input: { code: right } }, { token });
  expect(codesOf(await byCode(held.accessToken))).toEqual(["RATE_LIMITED"]);
  expect(await stateOf(one, held.user.id)).toMatchObject({ email: held.user.email });
  one.clock.advance(3601);
  expect(codesOf(await byCode((await other.login(held.user.email)).accessToken))).toEqual([]);
});

test("nobody's mailbox is flooded: five messages an hour go to one address, whoever asks, in any spelling of it", async () => {
  const wanted = newEmail();
  const answers: string[] = [];
  for (let asked = 0; asked < 7; asked += 1) {
    const held = await registerVerified(one);
    const input = { newEmail: asked % 2 === 0 ? wanted : wanted.toUpperCase() };
    answers.push(...codesOf(await one.send(RequestEmailChangeDocument, { input }, { token: held.accessToken })));
  }
  expect(answers).toEqual(["RATE_LIMITED", "RATE_LIMITED"]);
});
