import type { FastifyInstance } from "fastify";
import { escapeHtml } from "../../core/escape-html.ts";
import { firstOperations } from "./first-operations.ts";
import { pagePolicy, readPage } from "./static-pages.ts";

const input = '(input: {email: "ada@example.com", password: "a long walk by the sea"})';
const operations = [
  { name: "Register", document: `mutation {\n  register${input} {\n    accessToken refreshToken user { id email roles }\n  }\n}` },
  { name: "Sign in", document: `mutation {\n  login${input} {\n    accessToken refreshToken user { id email roles }\n  }\n}` },
  { name: "Who am I?", document: "{\n  me { id email roles createdAt }\n}" },
  { name: "Refresh", document: 'mutation {\n  refresh(input: {refreshToken: "REFRESH_TOKEN"}) {\n    accessToken refreshToken\n  }\n}' },
  { name: "Sign out", document: "mutation {\n  logout { endedSessions }\n}" },
];

/** Development only: what a newcomer sees first. */
export function serveStartPage(app: FastifyInstance, { showsOutbox, publicUrl }: { showsOutbox: boolean; publicUrl: string }): void {
  app.get("/", (request, reply) => {
    const { host } = request.raw.headers;
    const origin = host !== undefined && /^[\w.[\]:-]+$/.test(host) ? `http://${host}` : publicUrl;
    return reply.header("content-security-policy", pagePolicy).type("text/html; charset=utf-8").send(render(origin, showsOutbox));
  });
  for (const [name, type] of [
    ["start.css", "text/css"],
    ["start.js", "text/javascript"],
  ] as const) {
    const content = readPage(name);
    app.get(`/${name}`, (_request, reply) => reply.type(`${type}; charset=utf-8`).send(content));
  }
}

function render(origin: string, showsOutbox: boolean): string {
  const [first] = operations;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Auth gateway</title>
<link rel="stylesheet" href="/start.css"><script type="module" src="/start.js"></script></head>
<body><main><h1>The auth gateway runs</h1>
<p>Its graph is at <a href="/graphql">${escapeHtml(origin)}/graphql</a>. This page exists in development only.</p>
<h2>Try it here</h2>
<p>${operations.map(({ name, document }) => `<button type="button" data-document="${escapeHtml(document)}">${name}</button>`).join("")}</p>
<form><label for="operation">Operation</label><textarea id="operation" rows="6"
  spellcheck="false">${escapeHtml(first?.document ?? "")}</textarea>
<button type="submit">Send</button></form>
<h3 id="answer-title">Answer</h3><pre id="answer" role="status" aria-labelledby="answer-title">Nothing has been sent yet.</pre>
<h2>In a shell</h2>
${firstOperations(`${origin}/graphql`).map(shellOperation).join("\n")}
<h2>Further</h2>
<ul>
<li><a href="/graphql">Apollo Sandbox</a>, for the whole schema. It comes from the internet:
  without it, that page only says so, and this one has to do.</li>
${showsOutbox ? '<li><a href="/outbox">Outbox</a>: the messages that would have been sent, with their links and codes</li>' : ""}
<li><a href="/.well-known/jwks.json">Keys</a> that verify access tokens, for other services</li>
<li>Health: <a href="/readyz">is it ready?</a>, <a href="/livez">does it live?</a></li>
<li>Documentation: README.md and the folder docs/ beside it; settings: .env.example.
  Where the package was installed, all of them are in node_modules/graphql-auth-gateway/</li>
</ul></main></body></html>
`;
}

function shellOperation({ title, command }: { title: string; command: string }, index: number): string {
  return `<h3>${escapeHtml(title)}</h3>
<pre id="command-${index}">${escapeHtml(command)}</pre>
<button type="button" data-copy="#command-${index}" aria-label="Copy: ${escapeHtml(title)}">Copy</button>`;
}
