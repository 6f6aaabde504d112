import lookAlikeOf from "unhomoglyph";

/** The alphabets that share shapes with Latin; in right-to-left and Indic scripts a letter that is a stroke or a ring passes for none. */
const alphabet = /^[\p{sc=Latin}\p{sc=Cyrillic}\p{sc=Greek}\p{sc=Armenian}]$/u;
/** By Unicode's confusables an `r`, as which it is not read: many Russian words are made of it and of true look-alikes. */
const readsAsItself = /^[гᴦ]$/u;

/**
 * Whether an address of another alphabet, or the name of its domain, reads as one in plain Latin letters: `раура1@example.com` and
 * `a@аррӏе.com` in Cyrillic, `admın@example.com` (whole-script confusables, Unicode Technical Standard 39, section 4). Under a top-level
 * domain that is not Latin itself nothing does: `сара@почта.рф`.
 */
export function imitatesLatinAddress(address: string): boolean {
  const labels = address.slice(address.lastIndexOf("@") + 1).split(".");
  if (!isPlain(labels.at(-1) ?? "")) return false;
  return [address, ...labels].some(
    (text) => !isPlain(text) && [...text].every((character) => isPlain(character) || isLookAlike(character)),
  );
}

function isLookAlike(character: string): boolean {
  return alphabet.test(character) && !readsAsItself.test(character) && /^[a-z]$/i.test(lookAlikeOf(character));
}

function isPlain(text: string): boolean {
  return /^[\0-\x7f]*$/.test(text);
}
