/** A series and its value, as `/metrics` prints them. */
export type Samples = ReadonlyMap<string, number>;

export interface MetricsPage {
  readonly samples: Samples;
  /** Of every metric, without `_bucket`, `_sum` and `_count`. */
  readonly names: readonly string[];
  readonly types: ReadonlyMap<string, string>;
  readonly helps: ReadonlyMap<string, string>;
}

export async function readMetrics(url: string): Promise<MetricsPage> {
  const response = await fetch(`${url}/metrics`);
  if (response.status !== 200) throw new Error(`/metrics answers ${response.status}`);
  const lines = (await response.text()).split("\n");
  const samples = lines
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line): [string, number] => {
      const end = line.lastIndexOf(" ");
      return [line.slice(0, end), Number(line.slice(end + 1))];
    });
  const facts = (kind: string) => lines.flatMap((line) => tell(line, kind));
  const types = new Map(facts("TYPE"));
  return { samples: new Map(samples), names: [...types.keys()], types, helps: new Map(facts("HELP")) };
}

/** By how much a series grew while something was done. */
export async function growth(url: string, work: () => Promise<unknown>): Promise<(series: string) => number> {
  const before = (await readMetrics(url)).samples;
  await work();
  const after = (await readMetrics(url)).samples;
  return (series) => (after.get(series) ?? 0) - (before.get(series) ?? 0);
}

function tell(line: string, kind: string): [string, string][] {
  const [, name, fact] = new RegExp(`^# ${kind} (\\S+) (.*)$`).exec(line) ?? [];
  return name === undefined || fact === undefined ? [] : [[name, fact]];
}
