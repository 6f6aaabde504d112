import { prettyFactory } from "pino-pretty";

interface KeptMail {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
}

/** Formats the log for people: an entry on one line, and a message that is kept instead of sent as it would be read. */
export function createReadableLines({ colors }: { colors: boolean }): (line: string) => string {
  const format = prettyFactory({
    colorize: colors,
    singleLine: true,
    translateTime: "SYS:HH:MM:ss",
    ignore: "pid,hostname,service",
    levelFirst: true,
  });
  return (line) => {
    const { mail, event, ...entry } = JSON.parse(line) as { mail?: KeptMail; event?: object };
    const text = format({ ...entry, ...(event !== undefined && withoutNoise(event)) });
    return mail === undefined ? text : text + layOut(mail);
  };
}

/** The members that an entry shows anyway. */
const noise: ReadonlySet<string> = new Set(["id", "type", "occurredAt"]);

/** That it succeeded goes without saying; that it did not is the most important of all. */
function withoutNoise(event: object): object {
  const isSaid = ([name, value]: [string, unknown]) => value !== null && !noise.has(name) && !(name === "succeeded" && value === true);
  return Object.fromEntries(Object.entries(event).filter(isSaid));
}

function layOut({ to, subject, text }: KeptMail): string {
  const lines = [`To: ${to}`, `Subject: ${subject}`, "", ...text.trimEnd().split("\n")];
  return `\n${lines.map((line) => (line === "" ? "" : `    ${line}`)).join("\n")}\n\n`;
}
