import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { startTestGateway, TEST_SECRET } from "../support/gateway.ts";
import { runCommand } from "../support/processes/command-line.ts";
import { keptCalls } from "../support/webhooks/webhook-calls.ts";

test("what an operator does at the command line is told, too", async () => {
  const gateway = await startTestGateway();
  const { user, session } = await gateway.register();
  const cwd = await mkdtemp(join(tmpdir(), "operator-"));
  const events = "[user.registered, user.password_changed, user.roles_changed, session.ended]";
  await writeFile(join(cwd, "gateway.yaml"), `webhooks: [{ url: http://127.0.0.1:9/, secret: { env: HOOK }, events: ${events} }]\n`);
  const env = { DATABASE_URL: gateway.database.url, SECRET: TEST_SECRET, HOOK: `whsec_${Buffer.alloc(32).toString("base64")}` };
  const run = async (...words: string[]) => {
    expect(await runCommand(words, { env, cwd, input: "another walk, in the hills\n" })).toMatchObject({ code: 0 });
  };
  await run("set-password", user.email);
  await run("create-admin", "--promote", user.email);
  await run("create-admin", `new-${user.email}`);
  const told = (await keptCalls(gateway)).map(({ userId, body }) => ({ type: body.type, mine: userId === user.id, ...body.data }));
  expect(told).toMatchObject([
    { type: "user.password_changed", mine: true },
    { type: "session.ended", mine: true, sessionId: session.id, reason: "PASSWORD_CHANGED" },
    { type: "user.roles_changed", mine: true, roles: ["user", "admin"] },
    { type: "user.password_changed", mine: true },
    { type: "user.registered", mine: false },
    { type: "user.roles_changed", mine: false, roles: ["user", "admin"] },
  ]);
  await rm(cwd, { recursive: true });
  await gateway.close();
});
