import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ExportAccountDocument, RegisterDocument, RequestEmailChangeDocument } from "../../generated/operations.ts";
import { codesOf, dataOf, type Reply } from "../../support/client.ts";
import type { TestDatabase } from "../../support/database.ts";
import { startTestGateway, type TestGateway } from "../../support/gateway.ts";
import { changeEmail, confirm, registerVerified, stateOf, undo, undoTokenOf } from "../../support/mail/email-change.ts";
import { allMessages, messagesTo } from "../../support/mail/outbox.ts";
import { newEmail, PASSWORD } from "../../support/sign-in.ts";
import { isOfACall, type StatementTap } from "../../support/wires/statement-tap.ts";
import { startTappedGateway, type TappedGateway } from "../../support/wires/tapped-gateway.ts";

let database: TestDatabase;
let tap: StatementTap;
let gateway: TappedGateway;
beforeAll(async () => {
  gateway = await startTappedGateway();
  ({ database, tap } = gateway);
});
afterAll(() => gateway.close());

const ask = (token: string, newAddress: string) => gateway.send(RequestEmailChangeDocument, { input: { newEmail: newAddress } }, { token });
const register = (email: string, at: TestGateway = gateway) => at.send(RegisterDocument, { input: { email, password: PASSWORD } });

/** What is random in an answer, as long as it has the form that it always has. */
const withoutAttempt = (text: string) => text.replace(/at1_[\w-]{32}/, "at1_…");

describe("whether an address is somebody's is told to its reader alone", () => {
  /** What a stranger can see of a request for an address: the answer, the work, and what the export says. */
  async function observe(wanted: string) {
    const held = await registerVerified(gateway);
    await ask(held.accessToken, newEmail());
    const before = (await allMessages(gateway)).length;
    const replies: Reply<unknown>[] = [];
    const statements = await tap.during(async () => replies.push(await ask(held.accessToken, wanted)));
    const sent = (await allMessages(gateway)).slice(before);
    const { exportAccount } = dataOf(await gateway.send(ExportAccountDocument, {}, { token: held.accessToken }));
    const [reply] = replies;
    const headers = [...(reply?.headers ?? [])].filter(([name]) => !["date", "x-request-id", "content-length"].includes(name));
    return {
      text: reply?.text,
      headers,
      statements: statements.filter(isOfACall),
      mails: sent.map(({ to }) => to === wanted),
      topics: exportAccount?.messages.map(({ topic }) => topic),
      pending: exportAccount?.pendingEmail === wanted,
      events: exportAccount?.auditEvents.edges.map(({ node: { type, detail, succeeded } }) => ({ type, detail, succeeded })),
      template: sent[0]?.content,
    };
  }

  test("a free one, another account's and a reserved one take the same answer, statements, mails and entries", async () => {
    const [owner, mover] = [await registerVerified(gateway), await registerVerified(gateway)];
    await changeEmail(gateway, mover, newEmail());
    const { template: free, ...ofFree } = await observe(newEmail());
    const { template: owned, ...ofOwned } = await observe(owner.user.email);
    const { template: reserved, ...ofReserved } = await observe(mover.user.email);
    expect(ofFree.statements.length).toBeGreaterThan(5);
    expect(ofFree.mails).toEqual([true]);
    expect(ofFree.pending).toBe(true);
    expect(ofOwned).toEqual(ofFree);
    expect(ofReserved).toEqual(ofFree);
    expect(free?.template).toBe("confirm_email_change");
    for (const content of [owned, reserved]) expect(content).toEqual({ template: "address_in_use", facts: {} });
  });

  test("the address stays its owner's, also for whoever had the link that was not sent", async () => {
    const [held, owner] = [await registerVerified(gateway), await registerVerified(gateway)];
    dataOf(await ask(held.accessToken, owner.user.email));
    const token = "ot1_guessed";
    await database.sql`
      update one_time_tokens set token_hash = sha256(convert_to(${token}, 'UTF8'))
      where user_id = ${held.user.id} and purpose = 'CHANGE_EMAIL'`;
    expect(codesOf(await confirm(gateway, token))).toEqual(["EMAIL_TAKEN"]);
    expect(await stateOf(gateway, owner.user.id)).toMatchObject({ email: owner.user.email, live: 1 });
    expect(await stateOf(gateway, held.user.id)).toMatchObject({ email: held.user.email, live: 1 });
  });
});

describe("an address that an account can go back to", () => {
  test("is nobody else's: not by registering, not by a change that was asked for before", async () => {
    const [mover, rival] = [await registerVerified(gateway), await registerVerified(gateway)];
    const old = mover.user.email;
    await changeEmail(gateway, mover, newEmail());
    expect(codesOf(await register(old.toUpperCase()))).toEqual(["EMAIL_TAKEN"]);
    dataOf(await ask(rival.accessToken, old));
    expect((await messagesTo(gateway, old)).at(-1)?.content.template).toBe("address_in_use");
    expect(await database.sql`select id from users where email_key = ${old}`).toHaveLength(0);
  });

  test("where registering takes a verified address, neither is it registered, nor does anything tell that it is reserved", async () => {
    const strict = await startTestGateway({ database, clock: gateway.clock, env: { EMAIL_VERIFICATION: "required" } });
    const mover = await registerVerified(gateway);
    await changeEmail(gateway, mover, newEmail());
    const [reserved, free] = [await register(mover.user.email, strict), await register(newEmail(), strict)];
    expect(withoutAttempt(reserved.text)).toBe(withoutAttempt(free.text));
    expect(await database.sql`select id from users where email_key = ${mover.user.email}`).toHaveLength(0);
    await strict.close();
  });

  test("is the account's own: it can be asked for again", async () => {
    const held = await registerVerified(gateway);
    const moved = await changeEmail(gateway, held, newEmail());
    const back = await changeEmail(gateway, moved, held.user.email);
    expect(back.user.email).toBe(held.user.email);
  });

  test("is free again after seven days", async () => {
    const held = await registerVerified(gateway);
    await changeEmail(gateway, held, newEmail());
    // Before it has expired: what is not sent by then is given up, and its words with it.
    const token = await undoTokenOf(gateway, held.user.email);
    gateway.clock.advance(7 * 86_400 + 1);
    expect(codesOf(await register(held.user.email))).toEqual([]);
    expect(codesOf(await undo(gateway, token))).toEqual(["INVALID_ONE_TIME_TOKEN"]);
  });
});
