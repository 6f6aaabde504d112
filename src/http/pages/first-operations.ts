/** Something to paste into a shell: again and again, in any order with the lines of docs/start/tutorial.md, whose account it is. */
export interface FirstOperation {
  readonly title: string;
  readonly command: string;
}

/** JSON within single quotes: nothing in it is for the shell but `$field`, which stands outside them. */
const signIn =
  "for field in login register; do signed_in=$(curl -s {endpoint} -H 'content-type: application/json' -d '{\"query\": " +
  '"mutation { \'$field\'(input: {email: \\"ada@example.com\\", password: \\"a long walk by the sea\\"}) { accessToken ' +
  'expiresIn refreshToken user { id email } } }"}\' | grep accessToken) && break; done; echo "$signed_in"';
const whoAmI =
  'curl -s {endpoint} -H \'content-type: application/json\' -H "authorization: Bearer $(echo "$signed_in" | sed -n ' +
  '\'s/.*"accessToken":"\\([^"]*\\)".*/\\1/p\')" -d \'{"query": "{ me { id email roles createdAt } }"}\'; echo';

export function firstOperations(endpoint: string): readonly FirstOperation[] {
  return [
    { title: "Sign in; whoever is not there yet is registered", command: signIn.replaceAll("{endpoint}", endpoint) },
    { title: "Who am I?", command: whoAmI.replaceAll("{endpoint}", endpoint) },
  ];
}
