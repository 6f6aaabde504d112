import type { MailContent } from "../outbox/mail-templates.ts";
import { fillHtml, fillText } from "./fill-template.ts";
import { describeFacts } from "./mail-facts.ts";
import { wordsOf } from "./mail-words.ts";
import type { AllWords } from "./own-words.ts";

export interface ComposedMail {
  readonly subject: string;
  readonly text: string;
  readonly html: string | undefined;
}

export type ComposeMail = (content: MailContent) => ComposedMail;

/** `service` is how whoever sends it is called: `{{service}}`. */
export function createMailComposer(words: AllWords, { service }: { readonly service: string }): ComposeMail {
  return (content) => {
    const { subject, text, html } = words[wordsOf(content)];
    const facts = { ...describeFacts(content), service };
    return { subject: fillText(subject, facts), text: fillText(text, facts), html: html === undefined ? undefined : fillHtml(html, facts) };
  };
}
