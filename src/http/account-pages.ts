import type { FastifyInstance } from "fastify";
import { accountPages } from "../auth/accounts/account-links.ts";
import { accountPageDocuments } from "../graphql/account-page-documents.ts";
import { pagePolicy, readPage } from "./static-pages.ts";

/**
 * Where the links in our messages lead, unless the operator has pages of their own: static pages that read the token from the address and send the
 * mutation when a person presses the button. However often they are fetched, nothing is used up.
 */
export function serveAccountPages(app: FastifyInstance): void {
  for (const path of Object.values(accountPages)) {
    const page = readPage(`${path.slice(path.lastIndexOf("/") + 1)}.html`);
    app.get(path, (_request, reply) => reply.header("content-security-policy", pagePolicy).type("text/html; charset=utf-8").send(page));
  }
  const parts = [
    { name: "account.css", type: "text/css; charset=utf-8", content: readPage("account.css") },
    { name: "account.js", type: "text/javascript; charset=utf-8", content: readPage("account.js") },
    { name: "documents.js", type: "text/javascript; charset=utf-8", content: documentsScript },
  ];
  for (const { name, type, content } of parts) {
    app.get(`/account/${name}`, (_request, reply) => reply.type(type).send(content));
  }
}

const documentsScript = `export const documents = ${JSON.stringify(accountPageDocuments)};\n`;
