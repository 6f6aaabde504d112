import type { FastifyInstance } from "fastify";
import Negotiator from "negotiator";
import { accountPages } from "../../auth/users/account-links.ts";
import { accountPageDocuments } from "../../graphql/documents/account-page-documents.ts";
import { fillPage, type PageFacts, readTemplate } from "./fill-page.ts";
import { pagePolicy, readPage } from "./static-pages.ts";
import { languages } from "./words/languages.ts";

/**
 * Where the links in our messages lead, unless the operator has pages of their own: static pages that read the token from the address and
 * send the mutation when a person presses the button. However often they are fetched, nothing is used up.
 */
export function serveAccountPages(app: FastifyInstance, facts: PageFacts): void {
  for (const path of Object.values(accountPages)) servePage(app, path, facts);
  const parts = [
    { name: "account.css", type: "text/css; charset=utf-8", content: readPage("account.css") },
    { name: "account.js", type: "text/javascript; charset=utf-8", content: readPage("account.js") },
    { name: "documents.js", type: "text/javascript; charset=utf-8", content: documentsScript },
  ];
  for (const { name, type, content } of parts) {
    app.get(`/account/${name}`, (_request, reply) => reply.type(type).send(content));
  }
}

/** Serves a page in the language that the browser asks for. */
function servePage(app: FastifyInstance, path: string, facts: PageFacts): void {
  const template = readTemplate(path.slice(path.lastIndexOf("/") + 1));
  const pages = new Map(Object.entries(languages).map(([language, words]) => [language, fillPage(template, language, { words, facts })]));
  const [first = ""] = pages.keys();
  app.get(path, (request, reply) => {
    const language = new Negotiator(request.raw).language([...pages.keys()]) ?? first;
    return reply
      .headers({ "content-security-policy": pagePolicy, "content-language": language, vary: "accept-language" })
      .type("text/html; charset=utf-8")
      .send(pages.get(language));
  });
}

const documentsScript = `export const documents = ${JSON.stringify(accountPageDocuments)};\n`;
