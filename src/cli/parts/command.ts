/** An option that takes a value. */
export interface ValuedOption {
  /** What stands for the value in the usage. */
  readonly value: string;
  readonly summary: string;
}

export interface Command {
  readonly name: string;
  /** All are needed, in this order. */
  readonly arguments: readonly string[];
  /** Name → what it does. They take no values. */
  readonly flags: Readonly<Record<string, string>>;
  /** By name. Absent: none. */
  readonly options?: Readonly<Record<string, ValuedOption>>;
  /** One line for the list of commands. */
  readonly summary: string;
  /** What its own help says beyond that. */
  readonly description: string;
  readonly takesPassword: boolean;
  /** What to print on standard output once it is done. */
  run(given: Given): Promise<string>;
}

export interface Given {
  /** As many as the command takes. */
  readonly arguments: readonly string[];
  readonly flags: ReadonlySet<string>;
  readonly options: ReadonlyMap<string, string>;
}
