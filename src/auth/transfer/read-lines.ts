/** A line of a file, without its end. The first one is number 1. */
export type Line =
  | { readonly number: number; readonly text: string; readonly problem?: never }
  | { readonly number: number; readonly text?: never; readonly problem: string };

/** Far more than a user takes. */
export const MAXIMUM_LINE_BYTES = 65_536;

const NEWLINE = 0x0a;
const tooLong = `Is longer than ${MAXIMUM_LINE_BYTES} bytes.`;

/**
 * A list of lines for each chunk, so that no more than a chunk and a line are held, whatever the file is. A mark of UTF-8 at the start is
 * no part of it.
 */
export async function* readLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<Line[]> {
  const cutter = createCutter();
  for await (const chunk of chunks) yield cutter.cut(chunk);
  yield cutter.end();
}

interface Cutter {
  /** The lines that end in this chunk. */
  cut(chunk: Buffer): Line[];
  /** What has no end of line, if anything. */
  end(): Line[];
}

function createCutter(): Cutter {
  let held: Buffer[] = [];
  /** Also of what is no longer held, because it is too much. */
  let size = 0;
  let number = 0;

  function hold(part: Buffer): void {
    size += part.length;
    if (size > MAXIMUM_LINE_BYTES) held = [];
    else held.push(part);
  }

  function finish(): Line {
    number += 1;
    const line = size > MAXIMUM_LINE_BYTES ? { number, problem: tooLong } : decode(Buffer.concat(held), number);
    held = [];
    size = 0;
    return line;
  }

  return {
    cut(chunk) {
      const lines: Line[] = [];
      let start = 0;
      for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
        hold(chunk.subarray(start, end));
        lines.push(finish());
        start = end + 1;
      }
      hold(chunk.subarray(start));
      return lines;
    },
    end: () => (size === 0 ? [] : [finish()]),
  };
}

function decode(bytes: Buffer, number: number): Line {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: number > 1 }).decode(bytes);
    return { number, text: text.endsWith("\r") ? text.slice(0, -1) : text };
  } catch {
    return { number, problem: "Is not UTF-8." };
  }
}
