import { GraphQLError, Kind, type SelectionSetNode, type ValidationRule } from "graphql";

/** Each of these hashes a password. */
const credentialFields: ReadonlySet<string> = new Set(["register", "login", "changePassword"]);

/**
 * At most one `register`, `login` or `changePassword` in a request, under whatever alias and in whatever fragment: a thousand guesses must
 * not travel in one. `@skip` and `@include` do not count, so that it holds for every request of a document that was validated once.
 */
export const oneCredentialField: ValidationRule = (context) => ({
  OperationDefinition(operation) {
    if (operation.operation !== "mutation") return;
    const root = context.getSchema().getMutationType()?.name;
    const fragments = context.getRecursivelyReferencedFragments(operation).filter(({ typeCondition }) => typeCondition.name.value === root);
    const count = [operation, ...fragments].reduce((sum, { selectionSet }) => sum + countIn(selectionSet), 0);
    if (count < 2) return;
    const message = "A request can have one of `register`, `login` and `changePassword`, and that once.";
    context.reportError(new GraphQLError(message, { nodes: operation }));
  },
});

function countIn({ selections }: SelectionSetNode): number {
  return selections.reduce((sum, selection) => {
    if (selection.kind === Kind.FIELD) return sum + (credentialFields.has(selection.name.value) ? 1 : 0);
    return selection.kind === Kind.INLINE_FRAGMENT ? sum + countIn(selection.selectionSet) : sum;
  }, 0);
}
