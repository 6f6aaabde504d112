import { afterEach, describe, expect, test } from "vitest";
import { parseConfig } from "../../src/config/config.ts";
import { ConfigError } from "../../src/config/values/config-error.ts";
import { StartupError } from "../../src/core/errors.ts";
import { loadHooks } from "../../src/hooks/load-hooks.ts";
import { startTestGateway } from "../support/gateway.ts";
import { writeModule } from "../support/processes/hooks-module.ts";

const written: { remove(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(written.splice(0).map((module) => module.remove()));
});
async function write(source: string, name?: string): Promise<string> {
  const module = await writeModule(source, name);
  written.push(module);
  return module.path;
}

test("a module may export any of the hooks", async () => {
  const hooks = await loadHooks(await write("export function claims() {}; export const onSessionEnded = async () => {};"));
  expect(Object.keys(hooks).sort()).toEqual(["claims", "onSessionEnded"]);
});

describe("the start is stopped by a module", () => {
  test.each<[string, string, RegExp]>([
    ["with an export that is no hook", "export const claims = () => ({}); export const beforeLogin = () => {};", /beforeLogin is no hook/],
    ["with a hook that is no function", "export const claims = { plan: 1 };", /claims is no function/],
    ["with a default export", "export default { claims() {} };", /default is no hook/],
    ["that exports nothing", "globalThis.x;", /it exports none/],
    ["that throws", "throw new Error('no CRM_URL');", /cannot be loaded: .*no CRM_URL/],
    ["that throws no error", "throw 'no CRM_URL';", /something that is no error/],
    ["that is not JavaScript", "export const claims = (", /cannot be loaded/],
  ])("%s", async (_name, source, message) => {
    const path = await write(source);
    const loading = loadHooks(path);
    await expect(loading).rejects.toThrow(message);
    await expect(loading).rejects.toThrow(StartupError);
    await expect(loading).rejects.toThrow(path);
  });

  test("that does not exist", async () => {
    const starting = startTestGateway({ gatewayYaml: "hooks: { module: /nowhere/hooks.js }\n" });
    await expect(starting).rejects.toThrow(/hooks.module cannot be loaded: \/nowhere\/hooks.js/);
    await expect(starting).rejects.toThrow(StartupError);
  });
});

test("roles that leave no room for claims stop the start, not a sign-in", async () => {
  const scopes = Array.from({ length: 118 }, (_, index) => `${"s".repeat(28)}:${index}`);
  const roles = `roles: { all: { scopes: ${JSON.stringify(scopes)} } }\n`;
  const env = { JWT_ALGORITHM: "RS256", ISSUER: `https://${"i".repeat(500)}.test` };
  const path = await write("export const claims = () => ({});");
  await expect(startTestGateway({ env, gatewayYaml: `${roles}hooks: { module: ${path} }\n` })).rejects.toThrow(/leaves no room/);
  // Without that hook there is.
  const other = await write("export const afterLogin = () => ({});");
  await (await startTestGateway({ env, gatewayYaml: `${roles}hooks: { module: ${other} }\n` })).close();
});

test("the module lies relative to the file that names it, and has a second unless it is said otherwise", () => {
  const parse = (text: string) => parseConfig({}, { path: "/etc/gateway/gateway.yaml", text }).hooks;
  expect(parse("hooks: { module: ./code/hooks.js }")).toEqual({ module: "/etc/gateway/code/hooks.js", timeoutMilliseconds: 1000 });
  expect(parse("hooks: { module: /opt/hooks.js, timeout: 3s }")).toEqual({ module: "/opt/hooks.js", timeoutMilliseconds: 3000 });
  expect(parse("hooks:")).toBeUndefined();
});

test.each<[string, string]>([
  ["{}", "hooks.module must be the path of a file."],
  ["{ module: '' }", "hooks.module must be the path of a file."],
  ["./hooks.js", "hooks must be a mapping with the key module."],
  ["{ module: a.js, timeout: 500ms }", "hooks.timeout must be a duration from 1s to 10s."],
  ["{ module: a.js, timeout: 11s }", "hooks.timeout must be a duration from 1s to 10s."],
  ["{ module: a.js, claims: true }", "hooks.claims is not a known key."],
])("hooks: %s is a problem of the configuration", (section, problem) => {
  const parse = () => parseConfig({}, { path: "gateway.yaml", text: `hooks: ${section}` });
  expect(parse).toThrow(ConfigError);
  expect(parse).toThrow(`gateway.yaml: ${problem}`);
});
