/** The first that fits: most programs also claim to be others. */
const programs: readonly (readonly [RegExp, string])[] = [
  [/\bEdg(e|A|iOS)?\//, "Edge"],
  [/\b(OPR|OPT|OPX|Opera)\//, "Opera"],
  [/\bSamsungBrowser\//, "Samsung Internet"],
  [/\b(Firefox|FxiOS)\//, "Firefox"],
  [/\b(Chrome|CriOS|Chromium)\//, "Chrome"],
  [/\bSafari\//, "Safari"],
  [/\bDart\//, "an app"],
  [/\bokhttp\//, "an app"],
  [/\bCFNetwork\//, "an app"],
];
const systems: readonly (readonly [RegExp, string])[] = [
  [/\biPhone\b/, "an iPhone"],
  [/\biPad\b/, "an iPad"],
  [/\bAndroid\b/, "Android"],
  [/\bCrOS\b/, "ChromeOS"],
  [/\bWindows\b/, "Windows"],
  [/\b(Macintosh|Mac OS X|Darwin)\b/, "a Mac"],
  [/\bLinux\b/, "Linux"],
];

/**
 * `Firefox on Windows`, from what a program says of itself. Told in our words alone: a stranger chooses that text, and mail programs turn
 * whatever looks like an address in it into a link.
 */
export function describeDevice(userAgent: string): string {
  const find = (known: typeof programs) => known.find(([pattern]) => pattern.test(userAgent))?.[1];
  const [program, system] = [find(programs), find(systems)];
  if (system === undefined) return program ?? "a program";
  return `${program ?? "a program"} on ${system}`;
}
