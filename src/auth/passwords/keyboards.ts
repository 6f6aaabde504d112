/** Where a character is: keys of one keyboard, or the order of letters and digits. */
export type Place = readonly [column: number, row: number];
export type Layout = ReadonlyMap<string, Place>;

/**
 * Rows from above, each key with what it types; a key's column is where it is in its row. Shifted signs stand on the key of their digit.
 */
function layoutOf(...rows: readonly (readonly string[])[]): Layout {
  const places = new Map<string, Place>();
  for (const [row, spellings] of rows.entries()) {
    for (const spelling of spellings) for (const [column, character] of [...spelling].entries()) places.set(character, [column, row]);
  }
  return places;
}

/** What German, French and other keyboards have elsewhere is near enough in one of these. */
export const keyboards: readonly Layout[] = [
  layoutOf(
    ["1234567890-=", "!@#$%^&*()_+"],
    ["qwertyuiop[]\\", "qwertyuiop{}|"],
    ["asdfghjkl;'", 'asdfghjkl:"'],
    ["zxcvbnm,./", "zxcvbnm<>?"],
  ),
  layoutOf(["1234567890ß", '!"§$%&/()=?'], ["qwertzuiopü+"], ["asdfghjklöä#"], ["yxcvbnm,.-", "yxcvbnm;:_"]),
  layoutOf(["1234567890", "&é\"'(-è_çà"], ["azertyuiop"], ["qsdfghjklmù"], ["wxcvbn,;:!"]),
  layoutOf(["1234567890"], ["',.pyfgcrl"], ["aoeuidhtns"], [";qjkxbmwvz"]),
  layoutOf(["1234567890"], ["йцукенгшщзхъ"], ["фывапролджэ"], ["ячсмитьбю."]),
  layoutOf(["789"], ["456"], ["123"], [" 0"]),
];
