import { expect, test } from "vitest";
import { PURGE_MARGIN_SECONDS } from "../../src/auth/purge/purge.ts";
import { LATE_TOKEN_SECONDS } from "../../src/auth/revocations/revocation.ts";
import { createRevocationMemory } from "../../src/auth/revocations/revocation-memory.ts";
import { readDocument } from "../support/documents.ts";

const now = new Date("2026-01-01T00:00:00Z");
const inSeconds = (seconds: number) => new Date(now.getTime() + seconds * 1000);
const token = { userId: "u", sessionId: "s", version: 2 };

test("a session's revocation refuses its tokens, whatever their version", () => {
  const memory = createRevocationMemory();
  memory.apply({ kind: "session", subjectId: "s", version: null, expiresAt: inSeconds(60) });
  expect(memory.has(token)).toBe(true);
  expect(memory.has({ ...token, version: 99 })).toBe(true);
  expect(memory.has({ ...token, sessionId: "other" })).toBe(false);
});

test("a user's revocation refuses lower versions only, in whatever order the versions arrive", () => {
  const memory = createRevocationMemory();
  memory.apply({ kind: "user", subjectId: "u", version: 3, expiresAt: inSeconds(60) });
  memory.apply({ kind: "user", subjectId: "u", version: 2, expiresAt: inSeconds(30) });
  expect(memory.has(token)).toBe(true);
  expect(memory.has({ ...token, version: 3 })).toBe(false);
});

test("what has expired is forgotten, what has not is kept, and a repetition never shortens it", () => {
  const memory = createRevocationMemory();
  memory.apply({ kind: "session", subjectId: "s", version: null, expiresAt: inSeconds(60) });
  memory.apply({ kind: "session", subjectId: "s", version: null, expiresAt: inSeconds(10) });
  memory.apply({ kind: "user", subjectId: "u", version: 3, expiresAt: inSeconds(90) });
  memory.apply({ kind: "session", subjectId: "short", version: null, expiresAt: inSeconds(10) });
  memory.forgetExpired(inSeconds(59));
  expect(memory.size).toBe(2);
  memory.forgetExpired(inSeconds(60));
  expect(memory.size).toBe(1);
  expect(memory.has(token)).toBe(true);
  memory.forgetExpired(inSeconds(90));
  expect(memory.size).toBe(0);
});

test("the end of everybody refuses the tokens of sessions with a lower id, and is one entry however often it happens", () => {
  const memory = createRevocationMemory();
  memory.apply({ kind: "everybody", subjectId: "m", version: null, expiresAt: inSeconds(60) });
  memory.apply({ kind: "everybody", subjectId: "k", version: null, expiresAt: inSeconds(90) });
  expect([memory.has({ ...token, sessionId: "l" }), memory.has({ ...token, sessionId: "m" })]).toEqual([true, false]);
  expect(memory.size).toBe(1);
  memory.forgetExpired(inSeconds(90));
  expect([memory.size, memory.has({ ...token, sessionId: "l" })]).toEqual([0, false]);
});

test("the documentation says how long what is revoked is remembered", () => {
  const text = readDocument("docs/concepts/revocation.md").replaceAll(/\s+/g, " ");
  expect(text).toContain(`has expired and ${LATE_TOKEN_SECONDS / 60} minutes more`);
  expect(text).toContain(`the row is deleted ${PURGE_MARGIN_SECONDS / 60} minutes after that`);
});
