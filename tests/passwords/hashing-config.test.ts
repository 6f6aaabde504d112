import { expect, test } from "vitest";
import { parseConfig } from "../../src/config/config.ts";
import { ConfigError } from "../../src/config/values/config-error.ts";

const production = {
  NODE_ENV: "production",
  DATABASE_URL: "postgres://db.acme.test/gateway",
  SECRET: "Zk3v9QmX1rT7bN5cL2wY8pD4sF6hJ0gK",
  PUBLIC_URL: "https://auth.acme.test",
};

function problemVariables(env: Record<string, string>): string[] {
  try {
    parseConfig(env);
    return [];
  } catch (error) {
    return error instanceof ConfigError ? error.problems.map(({ variable }) => variable) : [String(error)];
  }
}

test.each([
  ["47104", "1"],
  ["19456", "2"],
  ["12288", "3"],
  ["9216", "4"],
  ["7168", "5"],
  ["7168", "10"],
  ["262144", "1"],
])("production takes argon2id with %s KiB and %s iterations", (memory, iterations) => {
  const config = parseConfig({ ...production, HASHING_MEMORY: memory, HASHING_ITERATIONS: iterations });
  expect(config.hashing.parameters).toEqual({ memoryKibibytes: Number(memory), iterations: Number(iterations), parallelism: 1 });
});

test.each([
  ["47103", "1"],
  ["19455", "2"],
  ["12287", "3"],
  ["9215", "4"],
])("production refuses what is weaker than OWASP's least: %s KiB and %s iterations", (memory, iterations) => {
  const env = { HASHING_MEMORY: memory, HASHING_ITERATIONS: iterations };
  expect(problemVariables({ ...production, ...env })).toEqual(["HASHING_MEMORY"]);
  expect(problemVariables(env)).toEqual([]);
});

test.each([
  ["HASHING_MEMORY", "7167"],
  ["HASHING_MEMORY", "262145"],
  ["HASHING_ITERATIONS", "0"],
  ["HASHING_ITERATIONS", "11"],
  ["HASHING_PARALLELISM", "0"],
  ["HASHING_CONCURRENCY", "0"],
  ["HASHING_QUEUE", "-1"],
  ["UV_THREADPOOL_SIZE", "many"],
])("%s=%s is refused", (variable, text) => {
  expect(problemVariables({ [variable]: text })).toEqual([variable]);
});

test.each([
  ["4", undefined],
  ["2", "2"],
  ["8", "8"],
])("HASHING_CONCURRENCY=%s with UV_THREADPOOL_SIZE=%s would leave files and DNS no thread, and is refused", (concurrency, threads) => {
  const env = { HASHING_CONCURRENCY: concurrency, ...(threads === undefined ? {} : { UV_THREADPOOL_SIZE: threads }) };
  expect(problemVariables(env)).toEqual(["HASHING_CONCURRENCY"]);
});

test.each([
  ["1", "1"],
  ["3", "4"],
  ["8", "12"],
])("HASHING_CONCURRENCY=%s with UV_THREADPOOL_SIZE=%s is taken", (concurrency, threads) => {
  const { hashing } = parseConfig({ HASHING_CONCURRENCY: concurrency, UV_THREADPOOL_SIZE: threads });
  expect(hashing).toMatchObject({ concurrency: Number(concurrency), threads: Number(threads) });
});
