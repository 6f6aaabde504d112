import { defineConfig } from "vitest/config";

export default defineConfig({
  // graphql ships ESM and CommonJS; without one address vitest loads both, and "Cannot use GraphQLSchema from another realm" follows.
  resolve: { alias: [{ find: /^graphql$/, replacement: "graphql/index.js" }] },
  test: {
    dir: "tests",
    include: ["**/*.test.ts"],
    globalSetup: ["tests/support/global-setup.ts"],
    // Modules keep no state, so files may share one module graph.
    isolate: false,
    // They mostly wait: for servers that start, for time-outs, for each other's statements.
    maxWorkers: 3,
    testTimeout: 120_000,
    hookTimeout: 180_000,
    // What is waited for comes, however many other programs run; nothing here is about time.
    expect: { poll: { timeout: 60_000 } },
  },
});
