import { escapeHtml } from "../../core/escape-html.ts";
import { readPage } from "./static-pages.ts";
import type { PageWords } from "./words/page-words.ts";

export interface PageFacts {
  /** How the service is called. */
  readonly service: string;
  /** The address of the application; undefined where none is configured. */
  readonly appUrl: string | undefined;
}

/** A page of the folder `pages/` within their common layout, with a place for each of its words. */
export function readTemplate(name: string): string {
  const content = readPage(`${name}.html`);
  const title = /<h1>(.*)<\/h1>/.exec(content)?.[1] ?? "";
  return readPage("layout.html")
    .replace("{{content}}", () => content)
    .replace("{{title}}", () => title);
}

/**
 * A template in one language. All of it is made at the start, of our words and the operator's
 * settings: nothing of a request becomes part of it.
 */
export function fillPage(template: string, language: string, { words, facts }: { words: PageWords; facts: PageFacts }): string {
  const { problems, ...sentences } = words;
  const texts = new Map(
    Object.entries(sentences).map(([key, text]) => [key, escapeHtml(text.replaceAll("{{service}}", () => facts.service))]),
  );
  texts
    .set("language", language)
    .set("service", escapeHtml(facts.service))
    .set("problems", escapeHtml(JSON.stringify(problems)));
  texts.set("wayOn", wayOn(texts, facts.appUrl));
  return fill(template.replace('<html lang="en">', `<html lang="${language}">`), texts);
}

function wayOn(texts: ReadonlyMap<string, string>, appUrl: string | undefined): string {
  return appUrl === undefined ? (texts.get("goBack") ?? "") : `<a href="${escapeHtml(appUrl)}">${texts.get("goOn")}</a>`;
}

function fill(template: string, texts: ReadonlyMap<string, string>): string {
  return template.replace(/\{\{(\w+)\}\}/g, (_whole, key: string) => {
    const text = texts.get(key);
    if (text === undefined) throw new Error(`No words for {{${key}}} of a page.`);
    return text;
  });
}
