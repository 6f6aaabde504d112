/** Where progress is shown: standard error, which leaves standard output to the result. */
export interface Terminal {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

export interface Progress {
  /** Shows it unless something was shown a moment ago. */
  show(text: string): void;
  /** Whole lines that stay. */
  print(lines: string): void;
  /** Takes the last state away from a terminal. */
  end(): void;
}

const CLEAR_LINE = "\r\u001B[2K";
/** Milliseconds between two states: a person reads the one, a log keeps the other. */
const PAUSE = { terminal: 100, log: 5000 };

/** On a terminal one line that renews itself, elsewhere a line every few seconds. */
export function createProgress(output: Terminal, milliseconds: () => number): Progress {
  const isTerminal = output.isTTY === true;
  let shown = "";
  let shownAt = isTerminal ? Number.NEGATIVE_INFINITY : milliseconds();

  function clear(): void {
    if (shown !== "") output.write(CLEAR_LINE);
    shown = "";
  }

  return {
    show(text) {
      const now = milliseconds();
      if (now - shownAt < (isTerminal ? PAUSE.terminal : PAUSE.log)) return;
      shownAt = now;
      if (!isTerminal) {
        output.write(`${text}\n`);
        return;
      }
      clear();
      output.write(text);
      shown = text;
    },
    print(lines) {
      clear();
      output.write(lines);
    },
    end: clear,
  };
}
