/**
 * What graphql-js tells of the schema beyond what a document names itself, and what to say in its place where introspection is off:
 * arguments and input fields that are required, and types of values. Names of object types stay: whoever may select a field reads its type
 * in `__typename`.
 */
const rewordings: readonly (readonly [message: RegExp, replacement: string])[] = [
  [/^Field "[^"]*" of required type "[^"]*" was not provided\.$/, "An input object lacks a field that it requires."],
  [
    /^(Field|Directive) ("[^"]*") argument "[^"]*" of type "[^"]*" is required, but it was not provided\.$/,
    "$1 $2 lacks an argument that it requires.",
  ],
  [/^Field ("[^"]*") is not defined by type "[^"]*"\./, "Field $1 is not defined by its input type."],
  [/^Field "[^".]*\.([^"]*)" must be non-null\.$/, 'Field "$1" must be non-null.'],
  [/^OneOf Input Object "[^"]*" must specify exactly one key\.$/, "An input object does not specify exactly one key, which it must."],
  [/^Expected value of type "[^"]*", found .*$/s, "A literal does not fit its type."],
  [/^(Variable "\$[^"]*" of type "[^"]*") used in position expecting type "[^"]*"\.$/, "$1 used in a position that expects another type."],
  [
    /^(Variable "\$[^"]*" is of type "[^"]*" but must be non-nullable) to be used for OneOf Input Object "[^"]*"\.$/,
    "$1 where it is used.",
  ],
  [/^(Field "[^"]*" must not have a selection) since type "[^"]*" has no subfields\.$/, "$1: it has no subfields."],
  [/^(Field "[^"]*") of type "[^"]*" (must have (?:a selection of subfields|at least one field selected)\.).*$/s, "$1 $2"],
  [/they return conflicting types "[^"]*" and "[^"]*"/g, "they return conflicting types"],
];

export function withoutSchemaDetails(message: string): string {
  return rewordings.reduce((said, [pattern, replacement]) => said.replace(pattern, replacement), message);
}
