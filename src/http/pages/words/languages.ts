import { english } from "./english.ts";
import { french } from "./french.ts";
import { german } from "./german.ts";
import type { PageWords } from "./page-words.ts";
import { spanish } from "./spanish.ts";

/** By the tag of the language (RFC 5646). The first one is for whoever reads none of them. */
export const languages: Readonly<Record<string, PageWords>> = { en: english, de: german, fr: french, es: spanish };
