// Where Vitest looks, so that `npx vitest run FILE` runs as `npm test` does.
export { default } from "./tests/vitest.config.ts";
