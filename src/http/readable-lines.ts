import { prettyFactory } from "pino-pretty";

interface KeptMail {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
}

/** For people: an entry of the log on one line, a message that is kept instead of sent as it would be read. */
export function createReadableLines({ colors }: { colors: boolean }): (line: string) => string {
  const format = prettyFactory({
    colorize: colors,
    singleLine: true,
    translateTime: "SYS:HH:MM:ss",
    ignore: "pid,hostname,service",
    levelFirst: true,
  });
  return (line) => {
    const { mail, ...entry } = JSON.parse(line) as { mail?: KeptMail };
    return mail === undefined ? format(entry) : format(entry) + layOut(mail);
  };
}

function layOut({ to, subject, text }: KeptMail): string {
  const lines = [`To: ${to}`, `Subject: ${subject}`, "", ...text.trimEnd().split("\n")];
  return `\n${lines.map((line) => (line === "" ? "" : `    ${line}`)).join("\n")}\n\n`;
}
