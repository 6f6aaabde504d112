import { copyFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { parseConfig } from "../../src/config/config.ts";
import { loadEnvFile } from "../../src/config/environment/env-file.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "env-file-"));
});
afterEach(() => rm(folder, { recursive: true }));

const example = () => copyFile(new URL("../../.env.example", import.meta.url), join(folder, ".env"));
const write = (text: string) => writeFile(join(folder, ".env"), text);
const load = (env: NodeJS.ProcessEnv = {}) => {
  loadEnvFile(env, folder);
  return env;
};

test("without .env the environment is what it was", () => {
  expect(load({ PORT: "4001" })).toEqual({ PORT: "4001" });
});

test(".env is read: comments, quotes, several lines, the marks of Windows", async () => {
  await write('\uFEFF# a comment\r\nPORT=4005\r\n\r\nexport MAIL_FROM="Acme <no-reply@acme.test>" # ours\r\nKEY="one\ntwo"\n');
  expect(load()).toEqual({ PORT: "4005", MAIL_FROM: "Acme <no-reply@acme.test>", KEY: "one\ntwo" });
});

test("what the environment says wins, also where it says nothing", async () => {
  await write("PORT=4005\nREDIS_URL=redis://localhost\n");
  expect(load({ PORT: "4001", REDIS_URL: "" })).toEqual({ PORT: "4001", REDIS_URL: "" });
});

test("lines that say nothing are told by number, without what stands there", async () => {
  await write("PORT=4005\nSECRET: swordfish\n\nJWT_SECRET\n");
  expect(() => load()).toThrow(/\.env, line 2, is no NAME=value[\s\S]*\.env, line 4, is no NAME=value/);
  expect(() => load()).not.toThrow(/swordfish/);
});

test("a quotation mark that is never closed is told", async () => {
  await write('MAIL_FROM="Acme\nPORT=4005\n');
  expect(() => load()).toThrow(/never closed/);
});

test("a .env that cannot be read is told", async () => {
  expect(() => loadEnvFile({}, join(folder, "is", "not", "there"))).not.toThrow();
  await rm(folder, { recursive: true });
  await writeFile(folder, "a file where the folder should be");
  expect(() => load()).toThrow(/\.env cannot be read \(ENOTDIR\)/);
});

test("what Node.js has read before is refused there", async () => {
  await write("UV_THREADPOOL_SIZE=8\n");
  expect(() => load()).toThrow(/UV_THREADPOOL_SIZE comes too late/);
  expect(load({ UV_THREADPOOL_SIZE: "8" })).toEqual({ UV_THREADPOOL_SIZE: "8" });
});

test("a name that is probably one of ours with a slip in it is told, and other programs' names are not", async () => {
  await write("PROT=4001\nDATABSE_URL=x\nSmtp_Ulr=x\nPGPORT=5433\nPOSTGRES_PASSWORD=x\nCRM_WEBHOOK_SECRET=x\nHOME_PAGE=x\nPORT=4001\n");
  expect(loadEnvFile({}, folder)).toEqual([
    { name: "DATABSE_URL", meant: "DATABASE_URL" },
    { name: "PROT", meant: "PORT" },
    { name: "Smtp_Ulr", meant: "SMTP_URL" },
  ]);
  await example();
  expect(loadEnvFile({}, folder)).toEqual([]);
});

test(".env.example is a .env that starts as it is, in development", async () => {
  await example();
  expect(parseConfig(load())).toEqual(parseConfig({}));
});
