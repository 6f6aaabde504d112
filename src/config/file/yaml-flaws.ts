/** What the library's codes mean, in words: its own messages quote the source. Each goes on with "it". */
const words: Readonly<Record<string, string>> = {
  ALIAS_PROPS: "gives an alias (*) a name or a tag of its own",
  BAD_ALIAS: "has an alias (*) of something that has no such name (&)",
  BAD_COLLECTION_TYPE: "has a tag (!) that does not fit what follows",
  BAD_DIRECTIVE: "has a directive (%) that is not known",
  BAD_DQ_ESCAPE: "has a backslash in double quotes that means nothing there; write two, or use single quotes",
  BAD_INDENT: "is not indented as what it belongs to, or a bracket before it is never closed",
  BAD_PROP_ORDER: "has a name (&) or a tag (!) in the wrong place",
  BAD_SCALAR_START: "has a value that begins with a character of another meaning, such as @ or a backtick; put it in quotes",
  BLOCK_AS_IMPLICIT_KEY:
    "has a list or a mapping where a value goes on, perhaps for a second colon; put the value in quotes, or begin a line",
  BLOCK_IN_FLOW: "has an entry without brackets within brackets",
  KEY_OVER_1024_CHARS: "has a key of more than 1024 characters",
  MISSING_CHAR: "lacks a character: a closing } or ] or quotation mark, a comma, or a space",
  MULTILINE_IMPLICIT_KEY: "has a key without its colon, or over several lines",
  MULTIPLE_ANCHORS: "has two names (&) for one value",
  MULTIPLE_DOCS: "begins a second document (---), and there can be only one",
  MULTIPLE_TAGS: "has two tags (!) for one value",
  TAB_AS_INDENT: "is indented with a tab; use spaces",
  TAG_RESOLVE_FAILED: "has a tag (!) that is not known",
  UNEXPECTED_TOKEN: "has something that does not belong there, such as one bracket too many",
};

export function describeFlaw(code: string): string {
  if (code === "DUPLICATE_KEY") return "has a key that this mapping has already.";
  return words[code] === undefined ? `is not valid YAML (${code}).` : `is not valid YAML: it ${words[code]}.`;
}
