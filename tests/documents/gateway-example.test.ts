import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { findFreePort } from "../../src/dev-postgres/free-port.ts";
import { readDocument } from "../support/documents.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { until } from "../support/until.ts";

/** The example of docs/guides/gateway.md, as it stands there but for the port. */
const [, section = ""] = readDocument("docs/guides/gateway.md").split("## An example that runs\n");
const blockOf = (language: string) => new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``).exec(section)?.[1] ?? "";
const query = /"query": "([^"]*)"/.exec(section)?.[1];

let folder: string;
let service: ChildProcess;
let gateway: TestGateway;
beforeAll(async () => {
  const port = await findFreePort();
  folder = mkdtempSync(join(tmpdir(), "gateway-shop-"));
  symlinkSync(fileURLToPath(new URL("../../node_modules", import.meta.url)), join(folder, "node_modules"));
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  writeFileSync(join(folder, "products.graphql"), blockOf("graphql"));
  writeFileSync(join(folder, "products.js"), blockOf("js").replace("4001", String(port)));
  service = spawn(process.execPath, [join(folder, "products.js")], { stdio: "ignore" });
  await until(
    () =>
      fetch(`http://localhost:${port}/graphql?query={__typename}`).then(
        ({ ok }) => ok,
        () => false,
      ),
    20_000,
  );
  const gatewayYaml = blockOf("yaml").replace("4001", String(port)).replace("./products.graphql", join(folder, "products.graphql"));
  gateway = await startTestGateway({ gatewayYaml });
});
afterAll(async () => {
  await gateway?.close();
  const exited = once(service, "exit");
  service.kill();
  await exited;
  rmSync(folder, { recursive: true, force: true });
});

test("somebody who is not signed in sees the name, a user the price, an admin all", async () => {
  const anonymous = await gateway.post({ query });
  expect(anonymous.data).toEqual({ products: [{ name: "Lamp", price: null, cost: null }] });
  expect(anonymous.errors.map(({ extensions }) => extensions.code)).toEqual(["UNAUTHENTICATED", "UNAUTHENTICATED"]);
  const ofUser = await gateway.post({ query }, { token: (await gateway.register()).accessToken });
  expect(ofUser.data).toEqual({ products: [{ name: "Lamp", price: 40, cost: null }] });
  expect(ofUser.errors.map(({ extensions }) => extensions.code)).toEqual(["FORBIDDEN"]);
  const ofAdmin = await gateway.post({ query }, { token: (await gateway.registerAdmin()).accessToken });
  expect([ofAdmin.data, ofAdmin.errors]).toEqual([{ products: [{ name: "Lamp", price: 40, cost: 11 }] }, []]);
});
