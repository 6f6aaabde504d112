import { spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { StartupError } from "../../../src/core/errors.ts";
import { developmentSecret } from "../../../src/start/files/development-secret.ts";
import { LoginDocument, RegisterDocument } from "../../generated/operations.ts";
import { codesOf, dataOf } from "../../support/client.ts";
import { createTestDatabase, type TestDatabase } from "../../support/database.ts";
import { emptyFolder, makeReachableFolder } from "../../support/folders.ts";
import { TEST_SECRET } from "../../support/gateway.ts";
import { serverFile, startServerProcess } from "../../support/processes/server-process.ts";
import { newEmail, PASSWORD } from "../../support/sign-in.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

test("a request that never ends does not hold up a shutdown, and one under way is answered", async () => {
  const server = await startServerProcess({ DATABASE_URL: database.url });
  const email = newEmail();
  dataOf(await server.send(RegisterDocument, { input: { email, password: PASSWORD } }));
  const { hostname, port } = new URL(server.url);
  const socket = connect(Number(port), hostname);
  socket.on("error", () => undefined);
  const head = "POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n";
  await new Promise<void>((resolve) => socket.write(`${head}{"query":`, () => resolve()));
  const underWay = server.send(LoginDocument, { input: { email, password: "not the password" } });
  await expect.poll(() => server.output()).toContain("LOGIN_FAILED");
  expect(codesOf(await underWay)).toEqual(["INVALID_CREDENTIALS"]);
  expect(await server.stop("SIGTERM")).toBe(0);
  socket.destroy();
});

test("a server whose npm script is stopped stops too", async () => {
  const env = {
    PATH: process.env.PATH,
    PORT: "0",
    LOG_FORMAT: "json",
    SECRET: TEST_SECRET,
    DATABASE_URL: database.url,
    npm_lifecycle_event: "start",
  };
  // As npm does it: a shell between, which a signal ends without its child being told.
  const shell = spawn("sh", ["-c", `"${process.execPath}" "${serverFile}"; true`], {
    cwd: emptyFolder(),
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  shell.stdout.on("data", (chunk: Buffer) => {
    output += chunk.toString();
  });
  await expect.poll(() => output).toContain("listening");
  shell.kill("SIGTERM");
  await expect.poll(() => output).toContain("stopping");
  const address = /"address":"(http:[^"]+)"/.exec(output)?.[1] ?? "";
  const isAnswering = () =>
    fetch(`${address}/.well-known/jwks.json`).then(
      () => true,
      () => false,
    );
  await expect.poll(isAnswering).toBe(false);
});

test("a development secret is made once and whole, and a damaged one is refused, not replaced", async () => {
  const folder = await makeReachableFolder("gateway-secret-");
  const directory = join(folder, ".data");
  mkdirSync(directory);
  const secret = developmentSecret(directory);
  expect(secret.length).toBeGreaterThanOrEqual(32);
  expect(developmentSecret(directory)).toBe(secret);
  writeFileSync(join(directory, "secret"), "");
  expect(() => developmentSecret(directory)).toThrow(StartupError);
  await rm(folder, { recursive: true });
});
