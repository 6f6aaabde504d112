import type { FastifyInstance } from "fastify";
import { escapeHtml } from "../../core/escape-html.ts";

/** A message that was kept instead of sent. */
export interface ShownMail {
  readonly to: string;
  readonly at: Date;
  readonly subject: string;
  readonly text: string;
}

export interface OutboxPage {
  /** Newest first. */
  list(): Promise<readonly ShownMail[]>;
}

const PATH = "/outbox";
/** Nothing runs and nothing is loaded. */
const policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const style = `:root{color-scheme:light dark}a{color:light-dark(#1a56b0,#9cc3ff)}
body{font:16px/1.5 system-ui,sans-serif;max-width:44rem;margin:2rem auto;padding:0 1rem;
color:light-dark(#18181b,#f2f2f5);background:light-dark(#f4f4f5,#1b1b1f)}
article{background:light-dark(#fff,#28282d);border-radius:8px;padding:1rem 1.25rem;margin:1rem 0}h2{font-size:1.05rem;margin:0}
p{color:light-dark(#52525b,#b4b4bb);margin:.25rem 0}
pre{font:inherit;white-space:pre-wrap;overflow-wrap:anywhere;margin:.75rem 0 0}`;

/** Development only: whoever sees this page can take every account over. */
export function serveOutboxPage(app: FastifyInstance, page: OutboxPage, { publicUrl }: { publicUrl: string }): void {
  app.get(PATH, async (request, reply) => {
    // Whoever may call the API from a page elsewhere may not read everybody's links. People who open this page send no origin.
    if (request.headers.origin !== undefined) return reply.code(403).type("text/plain").send("Open this page itself.\n");
    // A page elsewhere that loads it as a part of itself, which sends no origin. A link from there, such as in a mail, opens it.
    const { "sec-fetch-site": site, "sec-fetch-mode": mode } = request.headers;
    if (site === "cross-site" && mode !== "navigate") return reply.code(403).type("text/plain").send("Open this page itself.\n");
    // A page elsewhere can let its own name lead here (DNS rebinding): then the browser says that name.
    if (!isOurs(request.raw.headers.host, publicUrl)) return reply.code(403).type("text/plain").send("Open this page on localhost.\n");
    return reply
      .header("content-security-policy", policy)
      .type("text/html; charset=utf-8")
      .send(render(await page.list()));
  });
}

function isOurs(host: string | undefined, publicUrl: string): boolean {
  // A host and perhaps a port (RFC 9110, section 7.2): before an `@`, or after a slash, other names could stand.
  if (host === undefined || /[@/?#\\\s]/.test(host) || !URL.canParse(`http://${host}`)) return false;
  const { hostname } = new URL(`http://${host}`);
  if (hostname === new URL(publicUrl).hostname) return true;
  return hostname === "localhost" || hostname.endsWith(".localhost") || hostname === "[::1]" || /^127(\.\d+){3}$/.test(hostname);
}

function render(mails: readonly ShownMail[]): string {
  const articles = mails.map(
    ({ to, at, subject, text }) =>
      `<article><h2>${escapeHtml(subject)}</h2><p>to ${escapeHtml(to)}, ${timeOf(at)}</p><pre>${linked(text)}</pre></article>`,
  );
  const body = articles.length === 0 ? "<p>Nothing has been sent yet.</p>" : articles.join("\n");
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Outbox</title>
<style>${style}</style></head>
<body><main><h1>Outbox</h1><p>Messages that would have been sent with SMTP_URL, the last 100. This page exists in development only.</p>
${body}
</main></body></html>
`;
}

/** The time as people read it, to the second. */
function timeOf(at: Date): string {
  const written = at.toISOString();
  return `<time datetime="${written}">${written.slice(0, 19).replace("T", " ")} UTC</time>`;
}

function linked(text: string): string {
  const parts = text.split(/(https?:\/\/[^\s<>"']+)/);
  return parts
    .map((part, index) => (index % 2 === 0 ? escapeHtml(part) : `<a href="${escapeHtml(part)}">${escapeHtml(part)}</a>`))
    .join("");
}
