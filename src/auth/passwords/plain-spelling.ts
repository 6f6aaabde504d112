import lookAlikeOf from "unhomoglyph";

/**
 * How a password reads to whoever guesses it: in lower case, compatibility forms and letters that look like Latin ones as those (Unicode
 * Technical Standard 39), without marks on letters and without what is invisible. Marks count where nothing composes with them, as in Indic
 * scripts. For comparing only: hashes are of what was typed.
 */
export function plainSpelling(text: string): string {
  const visible = text.normalize("NFKC").replace(/\p{Default_Ignorable_Code_Point}/gu, "");
  return visible.replace(/[^\0-\x7f]/gu, plainCharacter).toLowerCase();
}

function plainCharacter(character: string): string {
  const base = character.normalize("NFD").replace(/(?<=[\p{sc=Latin}\p{sc=Greek}\p{sc=Cyrillic}])\p{M}+/gu, "");
  const lookAlike = lookAlikeOf(base)
    .normalize("NFD")
    .replace(/(?<=[a-z])\p{M}+/giu, "");
  return /^[a-z]{1,2}$/i.test(lookAlike) ? lookAlike : base.normalize("NFC");
}
