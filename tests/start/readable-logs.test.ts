import { expect, test } from "vitest";
import { createLogger } from "../../src/telemetry/logger.ts";
import { createReadableLines } from "../../src/telemetry/readable-lines.ts";
import { RegisterDocument } from "../generated/operations.ts";
import { dataOf } from "../support/client.ts";
import { createTestDatabase } from "../support/database.ts";
import { startServerProcess } from "../support/processes/server-process.ts";
import { newEmail, PASSWORD } from "../support/sign-in.ts";

const read = createReadableLines({ colors: false });

function written(write: (logger: ReturnType<typeof createLogger>) => void): string {
  const lines: string[] = [];
  write(createLogger({ level: "info", destination: { write: (line) => void lines.push(read(line)) } }));
  return lines.join("");
}

test("an entry is one line, without what it says twice and what there is not", () => {
  const event = { id: "1", type: "LOGGED_IN", occurredAt: "2030-01-01", userId: "ada", actorId: null, succeeded: true };
  const text = written((logger) => logger.info({ requestId: "r", event }, "LOGGED_IN"));
  expect(text).toMatch(/^INFO \[\d\d:\d\d:\d\d\]: LOGGED_IN \{"requestId":"r","userId":"ada"\}\n$/);
});

test("what did not succeed says so", () => {
  const event = { id: "1", type: "EMAIL_VERIFIED", occurredAt: "2030-01-01", userId: null, succeeded: false };
  expect(written((logger) => logger.info({ event }, "EMAIL_VERIFIED"))).toContain('EMAIL_VERIFIED {"succeeded":false}');
});

test("a message that is kept is laid out as it would be read", () => {
  const mail = { to: "ada@example.com", subject: "Confirm", text: "Hello,\n\nhttps://auth.test/#token=1\n" };
  expect(written((logger) => logger.info({ mail }, "kept"))).toMatch(
    /^INFO \[.*\]: kept\n\n {4}To: ada@example\.com\n {4}Subject: Confirm\n\n {4}Hello,\n\n {4}https:\/\/auth\.test\/#token=1\n\n$/,
  );
});

test("the built server writes JSON where LOG_FORMAT says so, in development too", async () => {
  const database = await createTestDatabase();
  const json = await startServerProcess({ DATABASE_URL: database.url });
  const input = { email: newEmail(), password: PASSWORD };
  dataOf(await json.send(RegisterDocument, { input }));
  await expect.poll(() => json.output()).toMatch(/^\{"level":30,.*"REGISTERED"\}$/m);
  await json.stop();
  await database.drop();
});
