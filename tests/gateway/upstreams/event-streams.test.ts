import { expect, test } from "vitest";
import { readEventStream, type StreamedEvent } from "../../../src/gateway/upstreams/event-stream.ts";

const text =
  "event: next\ndata: ä€😀\n\n: ping\n\nevent:next\ndata:one\ndata: two\nid: 7\n\ndata\n\nevent: complete\ndata:\n\nevent: never ended\n";
const events: StreamedEvent[] = [
  { type: "next", data: "ä€😀" },
  { type: "next", data: "one\ntwo" },
  { type: "message", data: "" },
  { type: "complete", data: "" },
];

async function* inChunks(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size);
}

async function readAll(chunks: AsyncIterable<Uint8Array>, maximumLength = 100): Promise<StreamedEvent[]> {
  const read: StreamedEvent[] = [];
  for await (const event of readEventStream(chunks, maximumLength)) read.push(event);
  return read;
}

test.each([1, 2, 3, 7, 1000])("events are the same, whatever the chunks that they come in: of %i bytes", async (size) => {
  expect(await readAll(inChunks(Buffer.from(text), size))).toEqual(events);
  expect(await readAll(inChunks(Buffer.from(text.replaceAll("\n", "\r\n")), size))).toEqual(events);
});

test.each([
  ["a line", "data: ".padEnd(101, "x")],
  ["an event", "data: x\n".repeat(20)],
  ["a comment", ":".repeat(101)],
])("%s without end is refused once it is larger than allowed", async (_name, endless) => {
  for (const size of [1, 1000]) await expect(readAll(inChunks(Buffer.from(endless), size))).rejects.toThrow("larger than allowed");
});

test("a whole event that is larger than allowed is refused, also where it comes with its end", async () => {
  const large = `data: small\n\ndata: ${"x".repeat(200)}\n\n`;
  for (const size of [1, 1000]) await expect(readAll(inChunks(Buffer.from(large), size))).rejects.toThrow("larger than allowed");
});

test("many small events are none too large together", async () => {
  expect(await readAll(inChunks(Buffer.from("data: x\n\n".repeat(1000)), 4096))).toHaveLength(1000);
});

test("an event without data is one, as some servers write the last", async () => {
  expect(await readAll(inChunks(Buffer.from("event: complete\n\n"), 1000))).toEqual([{ type: "complete", data: "" }]);
});
