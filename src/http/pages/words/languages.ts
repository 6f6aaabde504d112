import { english } from "./english.ts";
import { french } from "./french.ts";
import { german } from "./german.ts";
import type { PageWords } from "./page-words.ts";
import { spanish } from "./spanish.ts";

/** The words by the tag of their language (RFC 5646). The first one is for readers of none of them. */
export const languages: Readonly<Record<string, PageWords>> = { en: english, de: german, fr: french, es: spanish };
