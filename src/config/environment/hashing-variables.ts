import { wholeNumber } from "./variable-values.ts";

/** A part of `variables`. */
export const hashingVariables = {
  HASHING_MEMORY: {
    description: "Memory for hashing one password by argon2id, in KiB.",
    default: "19456",
    example: "47104",
    // The least that OWASP knows a safe number of iterations for. The product of both upper ends is what stored hashes may cost.
    value: wholeNumber({ min: 7168, max: 262_144 }),
  },
  HASHING_ITERATIONS: {
    description: "How often argon2id goes through that memory.",
    default: "2",
    example: "3",
    value: wholeNumber({ min: 1, max: 10 }),
  },
  HASHING_PARALLELISM: {
    description: "The lanes of argon2id.",
    default: "1",
    example: "1",
    value: wholeNumber({ min: 1, max: 16 }),
  },
  HASHING_CONCURRENCY: {
    description: "How many passwords one process hashes at a time; must be below UV_THREADPOOL_SIZE, or 1.",
    defaultNote: "the number of cores, but below UV_THREADPOOL_SIZE",
    example: "2",
    value: wholeNumber({ min: 1, max: 1023 }),
  },
  HASHING_QUEUE: {
    description: "How many more may wait, a quarter of them from one address, and none for longer than 5 seconds; then TOO_BUSY.",
    default: "128",
    example: "128",
    value: wholeNumber({ min: 0, max: 10_000 }),
  },
  HASHING_PRIORITY: {
    description:
      "How far the threads that hash stand back for everything else on Linux (their nice value): 0 not at all, 19 as far as can be.",
    default: "0",
    productionDefault: "19",
    example: "10",
    value: wholeNumber({ min: 0, max: 19 }),
  },
  UV_THREADPOOL_SIZE: {
    description: "Threads of Node.js itself for hashing, files and DNS: a few more than HASHING_CONCURRENCY.",
    default: "4",
    example: "12",
    value: wholeNumber({ min: 1, max: 1024 }),
  },
} as const;
