import { defineConfig } from "vitest/config";

const shared = {
  dir: "tests",
  globalSetup: ["tests/support/global-setup.ts"],
  // Modules keep no state, so files may share one module graph.
  isolate: false,
  // They mostly wait: for servers that start, for time-outs, for each other's statements.
  maxWorkers: 3,
  testTimeout: 120_000,
  hookTimeout: 180_000,
  // What is waited for comes, however many other programs run; nothing here is about time.
  expect: { poll: { timeout: 60_000 } },
};

// graphql ships ESM and CommonJS; without one address vitest loads both, and "Cannot use GraphQLSchema from another realm" follows.
const resolve = { alias: [{ find: /^graphql$/, replacement: "graphql/index.js" }] };

/** `npm test` runs the project `tests`, and `npm run test:drills` the other one: kills, floods, lost connections, many processes. */
export default defineConfig({
  test: {
    projects: [
      { resolve, test: { ...shared, name: "tests", include: ["**/*.test.ts"], exclude: ["drills/**"] } },
      { resolve, test: { ...shared, name: "drills", include: ["drills/**/*.test.ts"] } },
    ],
    // `npx vitest run --coverage`: of what runs in the processes of the tests, and not of the built server.
    coverage: { provider: "v8", include: ["src/**/*.ts"], reporter: ["html", "text-summary"] },
  },
});
