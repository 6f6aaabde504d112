import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DeleteAccountDocument, SetUserRolesDocument } from "../generated/operations.ts";
import { codesOf, dataOf } from "../support/client.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { stateOf } from "../support/mail/email-change.ts";
import { rounds } from "../support/rounds.ts";

describe("admins", () => {
  let small: TestGateway;
  beforeAll(async () => {
    small = await startTestGateway();
  });
  afterAll(() => small.close());

  test("the last active one stays; one who has left does not count", async () => {
    const one = await small.registerAdmin();
    const byOne = () => small.send(DeleteAccountDocument, {}, { token: one.accessToken });
    expect(codesOf(await byOne())).toEqual(["LAST_ADMIN"]);
    expect(await stateOf(small, one.user.id)).toMatchObject({ erasure_at: null, live: 2 });

    const two = await small.registerAdmin();
    dataOf(await small.send(DeleteAccountDocument, {}, { token: two.accessToken }));
    expect(codesOf(await byOne())).toEqual(["LAST_ADMIN"]);
    const demote = { userId: one.user.id, roles: ["user"] };
    expect(codesOf(await small.send(SetUserRolesDocument, demote, { token: one.accessToken }))).toEqual(["LAST_ADMIN"]);

    // Who comes back counts again.
    await small.login(two.user.email);
    dataOf(await byOne());
  });

  test("of two who leave at the same moment, through two processes, one remains", async () => {
    const twin = await startTestGateway({ database: small.database, clock: small.clock });
    for (let round = 0; round < rounds(5); round += 1) {
      await small.database.sql`update users set roles = '{user}' where 'admin' = any(roles)`;
      const [left, right] = [await small.registerAdmin(), await twin.registerAdmin()];
      const replies = await Promise.all([
        small.send(DeleteAccountDocument, {}, { token: left.accessToken }),
        twin.send(DeleteAccountDocument, {}, { token: right.accessToken }),
      ]);
      expect(replies.flatMap(codesOf)).toEqual(["LAST_ADMIN"]);
      const admins = await small.database.sql`select id from users where 'admin' = any(roles) and erasure_at is null`;
      expect(admins).toHaveLength(1);
    }
    await twin.close();
  });
});
