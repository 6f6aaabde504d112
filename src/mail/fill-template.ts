import { escapeHtml } from "../core/escape-html.ts";
import type { FactTexts } from "./mail-facts.ts";

/** Longer than any link of ours. */
const MAXIMUM_FACT = 2000;
const PLACEHOLDER = /\{\{\s*([\w.-]*)\s*\}\}/g;

/** The names in a template, each once. */
export function placeholdersIn(template: string): string[] {
  return [...new Set([...template.matchAll(PLACEHOLDER)].map(([, name = ""]) => name))];
}

/** Whether there are braces that begin no placeholder: then somebody meant one. */
export function hasStrayBraces(template: string): boolean {
  return template.replace(PLACEHOLDER, "").includes("{{");
}

export function fillText(template: string, facts: FactTexts): string {
  return template.replace(PLACEHOLDER, (_whole, name: string) => clean(factOf(facts, name)));
}

export function fillHtml(template: string, facts: FactTexts): string {
  return template.replace(PLACEHOLDER, (_whole, name: string) => escapeHtml(clean(factOf(facts, name))));
}

function factOf(facts: FactTexts, name: string): string {
  return Object.hasOwn(facts, name) ? (facts[name] ?? "") : "";
}

/** One line, without what is not seen, and not without end. */
function clean(fact: string): string {
  return fact
    .slice(0, MAXIMUM_FACT)
    .toWellFormed()
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, "");
}
