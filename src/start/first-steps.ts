/** What `npm start` says to a newcomer: where it is, and something to paste. */
export function firstSteps(listeningAddress: string, { showsOutbox }: { showsOutbox: boolean }): string {
  // Browsers keep `Secure` cookies on localhost, and the issuer's default says localhost as well.
  const address = listeningAddress.replace(/\/\/(127\.0\.0\.1|0\.0\.0\.0|\[::1?\])/, "//localhost");
  const body = JSON.stringify({
    query: "mutation($input: RegisterInput!) { register(input: $input) { accessToken refreshToken user { id email } } }",
    variables: { input: { email: "ada@example.com", password: "correct horse battery" } },
  });
  return [
    "",
    `  The auth graph runs at  ${address}/graphql`,
    `  Apollo Sandbox          ${address}/`,
    ...(showsOutbox ? [`  Messages it would send  ${address}/outbox`] : []),
    "",
    "  A first operation, for another terminal:",
    "",
    `  curl -s ${address}/graphql -H 'content-type: application/json' -d '${body}'`,
    "",
    "",
  ].join("\n");
}
