/** One event of `text/event-stream`. */
export interface StreamedEvent {
  readonly type: string;
  readonly data: string;
}

/**
 * The events of a stream, by the HTML Living Standard, section 9.2.6; comments, with which servers keep connections alive, are none. Throws
 * where one event is larger than is allowed. No more is read than is taken.
 * Unlike that standard, and so unlike `eventsource-parser`, it hands out an event without data, as which some servers write `complete`.
 * That parser bounds less, too: neither comments nor what comes as one chunk.
 */
export async function* readEventStream(chunks: AsyncIterable<Uint8Array>, maximumLength: number): AsyncGenerator<StreamedEvent> {
  const decoder = new TextDecoder();
  let lines: string[] = [];
  /** The pieces of a line whose end has not come yet. */
  let pieces: string[] = [];
  let length = 0;

  function take(piece: string): void {
    pieces.push(piece);
    length += piece.length;
    if (length > maximumLength) throw new Error("an event that is larger than allowed");
  }

  for await (const chunk of chunks) {
    const [first = "", ...others] = decoder.decode(chunk, { stream: true }).split("\n");
    take(first);
    for (const piece of others) {
      const line = pieces.join("").replace(/\r$/, "");
      pieces = [];
      if (line !== "") {
        lines.push(line);
        take(piece);
        continue;
      }
      const event = toEvent(lines);
      lines = [];
      length = 0;
      if (event !== undefined) yield event;
      take(piece);
    }
  }
}

function toEvent(lines: readonly string[]): StreamedEvent | undefined {
  const fields = lines.map((line) => /^([^:]*):? ?(.*)$/.exec(line) ?? []);
  const valuesOf = (wanted: string) => fields.filter(([, name]) => name === wanted).map(([, , value = ""]) => value);
  const data = valuesOf("data");
  const type = valuesOf("event").at(-1);
  return type === undefined && data.length === 0 ? undefined : { type: type ?? "message", data: data.join("\n") };
}
