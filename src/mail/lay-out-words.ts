import type { Part, PlainWords } from "./built-in-words.ts";
import type { MailWords } from "./mail-words.ts";

const GREETING = "Hello,";
const font = "font-family: system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif";
const styles = {
  page: "margin: 0; padding: 24px 12px; background: #f4f4f5;",
  card:
    "max-width: 520px; margin: 0 auto; padding: 24px 28px; background: #ffffff; border-radius: 8px; color: #18181b; " +
    `font-size: 16px; line-height: 1.5; ${font};`,
  button: "display: inline-block; padding: 10px 18px; background: #1d4ed8; border-radius: 6px; color: #ffffff; text-decoration: none;",
  address: "font-size: 13px; color: #52525b; word-break: break-all;",
  code: "font-size: 28px; letter-spacing: 4px; font-family: ui-monospace, Menlo, Consolas, monospace;",
  foot: "font-size: 13px; color: #52525b;",
} as const;

/** Text and HTML of the same words. Nothing is loaded from anywhere: who reads it, and when, is nobody's business. */
export function layOutWords({ subject, parts }: PlainWords): MailWords {
  const text = [GREETING, ...parts.map(asText), "{{service}}"].join("\n\n");
  const paragraphs = [`<p>${GREETING}</p>`, ...parts.map(asHtml), `<p style="${styles.foot}">{{service}}</p>`];
  const html = [
    "<!doctype html>",
    '<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">',
    `<title>${subject}</title></head>`,
    `<body style="${styles.page}"><div style="${styles.card}">`,
    ...paragraphs,
    "</div></body></html>",
  ];
  return { subject, text: `${text}\n`, html: `${html.join("\n")}\n` };
}

function asText(part: Part): string {
  if (typeof part === "string") return part;
  return "link" in part ? `${part.link}\n{{link}}` : `${part.code}\n{{code}}`;
}

/** The words are ours, and have nothing that HTML would take for its own. */
function asHtml(part: Part): string {
  if (typeof part === "string") return `<p>${part}</p>`;
  if ("code" in part) return `<p>${part.code}</p>\n<p style="${styles.code}">{{code}}</p>`;
  const label = part.link.replace(/:$/, "");
  return `<p><a href="{{link}}" style="${styles.button}">${label}</a></p>\n<p style="${styles.address}">{{link}}</p>`;
}
