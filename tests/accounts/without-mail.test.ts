import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { RequestEmailVerificationDocument, RequestPasswordResetDocument } from "../generated/operations.ts";
import { codesOf } from "../support/client.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { PRODUCTION_SECRET } from "../support/mail/outbox.ts";
import { newEmail } from "../support/sign-in.ts";

describe("without a way to send mail", () => {
  let silent: TestGateway;
  beforeAll(async () => {
    const env = {
      NODE_ENV: "production",
      DATABASE_URL: "postgres://given.elsewhere/",
      SECRET: PRODUCTION_SECRET,
      PUBLIC_URL: "https://a.example",
    };
    silent = await startTestGateway({ env });
  });
  afterAll(() => silent.close());

  test("registering signs in and asks for no proof", async () => {
    const { user } = await silent.register();
    expect(await silent.database.sql`select 1 from outbox`).toEqual([]);
    expect(await silent.database.sql`select 1 from one_time_tokens where user_id = ${user.id}`).toEqual([]);
  });

  test("what needs mail is refused before anything is done, whoever it is about", async () => {
    const { user } = await silent.register();
    for (const email of [user.email, newEmail()]) {
      expect(codesOf(await silent.send(RequestEmailVerificationDocument, { email }))).toEqual(["SERVICE_UNAVAILABLE"]);
      const { errors } = await silent.send(RequestPasswordResetDocument, { email });
      expect(errors).toMatchObject([{ message: expect.stringContaining("sends no mail"), extensions: { code: "SERVICE_UNAVAILABLE" } }]);
    }
    const [left] = await silent.database.sql`select (select count(*)::int from one_time_tokens) as tokens,
      (select count(*)::int from audit_events where type like 'EMAIL%' or type like 'PASSWORD%') as events`;
    expect(left).toEqual({ tokens: 0, events: 0 });
  });
});
