import { expect, test } from "vitest";
import { createProgress } from "../../src/cli/parts/progress.ts";

/** What is written, and a stopwatch that only the test moves on. */
function watch(isTTY: boolean) {
  const written: string[] = [];
  let now = 0;
  const progress = createProgress({ isTTY, write: (text) => written.push(text) }, () => now);
  return { written, progress, wait: (milliseconds: number) => (now += milliseconds) };
}

test("a terminal has one line that renews itself, at most ten times a second, and gives way to lines that stay", () => {
  const { written, progress, wait } = watch(true);
  progress.show("1 %");
  wait(99);
  progress.show("2 %");
  wait(1);
  progress.show("3 %");
  progress.print("line 7: Is bad.\n");
  progress.end();
  expect(written.join("")).toBe("1 %\r\u001B[2K3 %\r\u001B[2Kline 7: Is bad.\n");
});

test("a terminal is left without the last state", () => {
  const { written, progress } = watch(true);
  progress.show("1 %");
  progress.end();
  expect(written.join("")).toBe("1 %\r\u001B[2K");
});

test("a log has a line every five seconds, and none where it takes less", () => {
  const { written, progress, wait } = watch(false);
  for (let second = 0; second <= 11; second++) {
    progress.show(`${second}`);
    wait(1000);
  }
  progress.print("line 7: Is bad.\n");
  progress.end();
  expect(written).toEqual(["5\n", "10\n", "line 7: Is bad.\n"]);
});
