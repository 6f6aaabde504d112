import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { LoginDocument } from "../generated/operations.ts";
import { codesOf } from "../support/client.ts";
import { readDocument, sectionOf } from "../support/documents.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { PASSWORD } from "../support/sign-in.ts";
import { BCRYPT_HASH, openUserFiles, type UserFiles } from "../support/users/user-files.ts";

/** The scripts and statements of docs/guides/moving-in.md, on what each system exports. */
let gateway: TestGateway;
let files: UserFiles;
beforeAll(async () => {
  gateway = await startTestGateway();
  files = await openUserFiles(gateway.database);
});
afterAll(async () => {
  await files.remove();
  await gateway.close();
});

function codeOf(system: string): string {
  const code = /```\w+\n([\s\S]*)```/.exec(sectionOf(readDocument("docs/guides/moving-in.md"), system))?.[1];
  if (code === undefined) throw new Error(`docs/guides/moving-in.md has no code for ${system}.`);
  return code;
}

async function runScript(system: string, input: string): Promise<string> {
  const script = files.pathOf(`${system}.mjs`);
  await writeFile(script, codeOf(system));
  return new Promise((resolve, reject) => {
    const child = execFile(process.execPath, [script], (error, stdout) => (error === null ? resolve(stdout) : reject(error)));
    child.stdin?.end(input);
  });
}

/** As psql prints it. */
async function runStatement(system: string): Promise<string> {
  const rows = await gateway.database.sql.unsafe(codeOf(system)).values();
  return rows.map(([line]) => JSON.stringify(line)).join("\n");
}

async function moveIn(lines: string) {
  const path = await files.write([lines.trimEnd()]);
  expect(await files.importFile(path)).toMatchObject({ code: 0, report: [] });
}

async function rowOf(email: string) {
  const [row] = await gateway.database
    .sql`select id, email_verified, status, created_at, last_login_at from users where email_key = ${email}`;
  return { ...row };
}

const canSignIn = async (email: string) =>
  codesOf(await gateway.send(LoginDocument, { input: { email, password: PASSWORD } })).length === 0;

test("Auth0's hashes", async () => {
  const user = {
    _id: { $oid: "5dea9f9c82dd7c0e76e4ec93" },
    tenant: "main",
    connection: "Username-Password-Authentication",
    passwordHash: BCRYPT_HASH,
  };
  const identifiers = [{ type: "email", value: "auth0-b@example.com", verified: true }];
  const lines = [
    { ...user, email: "auth0-a@example.com", email_verified: false },
    { ...user, identifiers },
  ];
  await moveIn(await runScript("auth0", lines.map((line) => JSON.stringify(line)).join("\n")));
  expect(await rowOf("auth0-a@example.com")).toMatchObject({ email_verified: false, created_at: new Date("2019-12-06T18:36:12Z") });
  expect(await rowOf("auth0-b@example.com")).toMatchObject({ email_verified: true });
  for (const email of ["auth0-a@example.com", "auth0-b@example.com"]) expect(await canSignIn(email)).toBe(true);
});

test("Firebase's users, who have to set a password", async () => {
  const user = { localId: "7", passwordHash: "c2NyeXB0", salt: "c2FsdA==", createdAt: "1600000000000" };
  const users = [
    { ...user, email: "firebase-a@example.com", emailVerified: true, lastSignedInAt: "1700000000000" },
    { ...user, email: "firebase-b@example.com", emailVerified: false, disabled: true },
    { ...user, phoneNumber: "+15550100" },
  ];
  await moveIn(await runScript("firebase", JSON.stringify({ users })));
  const times = { created_at: new Date(1_600_000_000_000), last_login_at: new Date(1_700_000_000_000) };
  expect(await rowOf("firebase-a@example.com")).toMatchObject({ email_verified: true, status: "ACTIVE", ...times });
  expect(await rowOf("firebase-b@example.com")).toMatchObject({ email_verified: false, status: "DISABLED", last_login_at: null });
  expect(await canSignIn("firebase-a@example.com")).toBe(false);
});

test("Keycloak's users", async () => {
  const credential = (
    algorithm: string,
    hashIterations: number,
    secret: { salt: string; value: string },
    additionalParameters?: object,
  ) => ({
    type: "password",
    credentialData: JSON.stringify({ algorithm, hashIterations, additionalParameters }),
    secretData: JSON.stringify(secret),
  });
  const argon2 = { salt: "jZESghBCyFmrNab0HqN0Tg==", value: "f4UoLIr2HhekwkfzH74H29E8BDh44lIzXT5DPY9iWok=" };
  const parameters = { hashLength: ["32"], memory: ["1024"], type: ["id"], version: ["1.3"], parallelism: ["2"] };
  const pbkdf2 = { salt: "KYUQAoCwlhIi5DwnpLRWCg==", value: "i4nRLNnsM27wuX03DVn4Xuw8k8xQ0GPV4l/Y9f6oSF4=" };
  const user = { emailVerified: true, enabled: true, createdTimestamp: 1_600_000_000_123 };
  const id = "3f1c6f0e-7f5e-4b53-9d0c-6a1f0f0f7a11";
  const users = [
    { ...user, id, email: "keycloak-a@example.com", credentials: [{ type: "otp" }, credential("argon2", 3, argon2, parameters)] },
    { ...user, id: id.replace("3f", "4f"), email: "keycloak-b@example.com", credentials: [credential("pbkdf2-sha256", 29_000, pbkdf2)] },
    { ...user, id: id.replace("3f", "5f"), email: "keycloak-c@example.com", enabled: false },
    { ...user, id: id.replace("3f", "6f"), username: "service-account" },
  ];
  await moveIn(await runScript("keycloak", JSON.stringify({ realm: "main", users })));
  expect(await rowOf("keycloak-a@example.com")).toMatchObject({ id, email_verified: true, created_at: new Date(1_600_000_000_123) });
  expect(await rowOf("keycloak-c@example.com")).toMatchObject({ status: "DISABLED" });
  for (const email of ["keycloak-a@example.com", "keycloak-b@example.com"]) expect(await canSignIn(email)).toBe(true);
});

test("Supabase's users", async () => {
  const id = "9b2f0c1e-3b55-4c3e-9f0b-0a6e4d1c2b3a";
  // Here, `auth` is ours.
  const statement = codeOf("supabase").replace("from auth.users", "from supabase.users");
  await gateway.database.sql.unsafe(`
    create schema supabase;
    create table supabase.users (id uuid, email varchar(255), encrypted_password varchar(255), email_confirmed_at timestamptz,
      banned_until timestamptz, created_at timestamptz, last_sign_in_at timestamptz, deleted_at timestamptz);
    insert into supabase.users values
      ('${id}', 'supabase-a@example.com', '${BCRYPT_HASH}', now(), null, '2022-01-02T03:04:05.678901Z', '2023-01-02T03:04:05Z', null),
      (gen_random_uuid(), 'supabase-b@example.com', '', null, now() + interval '1 year', now(), null, null),
      (gen_random_uuid(), 'supabase-c@example.com', '', null, null, now(), null, now()),
        (gen_random_uuid(), null, null, null, null, now(), null, null)`);
  const rows = await gateway.database.sql.unsafe(statement).values();
  await moveIn(rows.map(([line]) => JSON.stringify(line)).join("\n"));
  const times = { created_at: new Date("2022-01-02T03:04:05.678Z"), last_login_at: new Date("2023-01-02T03:04:05Z") };
  expect(await rowOf("supabase-a@example.com")).toEqual({ id, email_verified: true, status: "ACTIVE", ...times });
  expect(await rowOf("supabase-b@example.com")).toMatchObject({ email_verified: false, status: "DISABLED" });
  expect(await rowOf("supabase-c@example.com")).toEqual({});
  expect(await canSignIn("supabase-a@example.com")).toBe(true);
});

test("Devise's users", async () => {
  const statement = codeOf("devise").replace("from users", "from devise_users");
  await gateway.database.sql.unsafe(`
    create table devise_users (email varchar, encrypted_password varchar, confirmed_at timestamp, created_at timestamp,
      current_sign_in_at timestamp);
    insert into devise_users values
      ('devise-a@example.com', '${BCRYPT_HASH.replace("$2b$", "$2a$")}', '2022-01-02', '2022-01-02 03:04:05.678901', '2023-01-02 03:04:05'),
      ('devise-b@example.com', '', null, '2022-01-02 03:04:05', null)`);
  const rows = await gateway.database.sql.unsafe(statement).values();
  await moveIn(rows.map(([line]) => JSON.stringify(line)).join("\n"));
  const times = { created_at: new Date("2022-01-02T03:04:05.678Z"), last_login_at: new Date("2023-01-02T03:04:05Z") };
  expect(await rowOf("devise-a@example.com")).toMatchObject({ email_verified: true, ...times });
  expect(await rowOf("devise-b@example.com")).toMatchObject({ email_verified: false, last_login_at: null });
  expect(await canSignIn("devise-a@example.com")).toBe(true);
});

test("Django's users", async () => {
  const hashes = [
    "pbkdf2_sha256$29000$Yk3mPq81sZtL$EvHLZ55xdapMlhWQVGbUyBDf+5topkEAR0tQaHex6wY=",
    "argon2$argon2id$v=19$m=1024,t=3,p=2$jZESghBCyFmrNab0HqN0Tg$f4UoLIr2HhekwkfzH74H29E8BDh44lIzXT5DPY9iWok",
    `bcrypt$${BCRYPT_HASH}`,
    "!unusable",
    "",
  ];
  await gateway.database
    .sql`create table auth_user (email varchar, password varchar, is_active boolean, date_joined timestamptz, last_login timestamptz)`;
  for (const [index, hash] of hashes.entries()) {
    await gateway.database
      .sql`insert into auth_user values (${`django-${index}@example.com`}, ${hash}, ${index !== 4}, '2022-01-02T03:04:05Z', null)`;
  }
  await moveIn(await runStatement("django"));
  const signedIn = await Promise.all(hashes.map((_hash, index) => canSignIn(`django-${index}@example.com`)));
  expect(signedIn).toEqual([true, true, true, false, false]);
  expect(await rowOf("django-4@example.com")).toMatchObject({ status: "DISABLED", created_at: new Date("2022-01-02T03:04:05Z") });
});
