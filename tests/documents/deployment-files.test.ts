import { existsSync, readdirSync } from "node:fs";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { createAdmin } from "../../src/cli/commands/create-admin.ts";
import { parseFileAlone } from "../../src/config/config.ts";
import { variables } from "../../src/config/environment/variables.ts";
import { readConfigFile } from "../../src/config/file/config-file.ts";
import { readDocument } from "../support/documents.ts";

const dockerfile = readDocument("Dockerfile");

interface Service {
  readonly env_file?: readonly { readonly path: string; readonly required: boolean }[];
  readonly ports?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly depends_on?: Readonly<Record<string, unknown>>;
  readonly volumes?: readonly (string | Readonly<Record<string, unknown>>)[];
}
const compose = parse(readDocument("compose.yaml")) as { services: Record<string, Service>; volumes: Record<string, unknown> };

/** What an image is given from this folder: `COPY` without `--from`. */
function copied(): string[] {
  const lines = dockerfile.match(/^COPY (?!--from).*$/gm) ?? [];
  return lines.flatMap((line) => line.split(" ").slice(1, -1));
}

test("what the Dockerfile copies is there, and .dockerignore lets through exactly that", () => {
  for (const path of copied()) expect(existsSync(new URL(`../../${path}`, import.meta.url)), path).toBe(true);
  const admitted = readDocument(".dockerignore").match(/^!.*$/gm) ?? [];
  expect(admitted.map((line) => line.slice(1)).sort()).toEqual([...new Set(copied())].sort());
});

test("the image, which has no development packages, has all that is imported", () => {
  const { dependencies } = JSON.parse(readDocument("package.json")) as { dependencies: Record<string, string> };
  const files = readdirSync(new URL("../../src", import.meta.url), { recursive: true, encoding: "utf8" }).filter((name) =>
    name.endsWith(".ts"),
  );
  const imported = files.flatMap((name) =>
    [...readDocument(`src/${name}`).matchAll(/^(?:import|export) (?!type )[^;]*?from "([^."][^"]*)";$/gms)].map(
      ([, specifier = ""]) => specifier,
    ),
  );
  const packages = imported
    .filter((specifier) => !specifier.startsWith("node:"))
    .map((specifier) => /^(@[^/]+\/)?[^/]+/.exec(specifier)?.[0]);
  expect(new Set(packages).size).toBeGreaterThan(20);
  expect([...new Set(packages)].filter((name) => !Object.hasOwn(dependencies, name ?? ""))).toEqual([]);
});

test("the image runs as somebody without rights, in production, and is healthy by Node alone", () => {
  const [, , final = ""] = dockerfile.split(/^FROM /m).slice(1);
  expect(final).toContain("ENV NODE_ENV=production");
  expect(final).toMatch(/^USER node$/m);
  expect(final).toMatch(/^CMD \["node", "dist\/main\.js"\]$/m);
  expect(final).not.toContain("curl");
  expect(JSON.parse(/HEALTHCHECK[^[]*(\[.*\])/.exec(final)?.[1] ?? "null")).toEqual(["node", "-e", expect.stringContaining("/livez")]);
});

test("the health check, run as it is written, passes and fails with the server", async () => {
  const [, check = ""] = /HEALTHCHECK[^[]*(\[.*\])/.exec(dockerfile) ?? [];
  const [, , program = ""] = JSON.parse(check) as string[];
  const { createServer } = await import("node:http");
  const { execFile } = await import("node:child_process");
  const server = createServer((request, response) => response.writeHead(request.url === "/livez" ? 200 : 404).end()).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const bound = server.address();
  const port = String(typeof bound === "object" ? bound?.port : "");
  const run = () =>
    new Promise((resolve) => {
      execFile(process.execPath, ["-e", program], { env: { PATH: process.env.PATH, PORT: port } }, (error) => resolve(error?.code ?? 0));
    });
  expect(await run()).toBe(0);
  await new Promise((resolve) => server.close(resolve));
  expect(await run()).toBe(1);
});

test("compose.yaml sets variables that exist, and depends on services that it has", () => {
  const { gateway } = compose.services;
  for (const name of Object.keys(gateway?.environment ?? {})) expect(Object.keys(variables)).toContain(name);
  for (const name of Object.keys(gateway?.depends_on ?? {})) expect(compose.services[name]).toBeDefined();
  expect(compose.services.postgres?.volumes).toEqual(["postgres:/var/lib/postgresql"]);
  expect(Object.keys(compose.volumes)).toEqual(["postgres"]);
});

test("compose.yaml hands every setting to the container, and overrides only those that depend on the container itself", () => {
  const { gateway } = compose.services;
  expect(gateway?.env_file).toEqual([{ path: ".env", required: false }]);
  const written = Object.entries(gateway?.environment ?? {});
  // Whoever sets one of the others in .env finds it in force: it comes by env_file, or by a line that says `${NAME…}`.
  const fixed = written.filter(([name, value]) => !value.startsWith(`\${${name}`)).map(([name]) => name);
  expect(fixed.sort()).toEqual(["GATEWAY_CONFIG", "HOST", "METRICS_PORT", "NODE_ENV", "PORT"]);
  expect(gateway?.ports).toEqual([`4000:${gateway?.environment?.PORT}`]);
});

test("compose.yaml mounts the configuration file that .env names, or an empty one, which is taken", () => {
  const { gateway } = compose.services;
  const target = gateway?.environment?.GATEWAY_CONFIG;
  expect(gateway?.volumes).toEqual([{ type: "bind", source: `\${GATEWAY_CONFIG:-/dev/null}`, target, read_only: true }]);
  expect(parseFileAlone({}, readConfigFile({ GATEWAY_CONFIG: "/dev/null" }, "/")).roles.size).toBeGreaterThan(0);
});

test("compose.yaml says how the first admin is made, by a command that exists", () => {
  const [, command] = /docker compose run --rm gateway node dist\/cli\/main\.js (\S+) /.exec(readDocument("compose.yaml")) ?? [];
  expect(command).toBe(createAdmin.name);
});
