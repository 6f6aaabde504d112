import { firstOperations } from "../../http/pages/first-operations.ts";

/** What `npm start` says to a newcomer: where it is, and something to paste. */
export function firstSteps(listeningAddress: string, { showsOutbox }: { showsOutbox: boolean }): string {
  // Chromium and Firefox keep `Secure` cookies on localhost, and the issuer's default says localhost as well.
  const address = listeningAddress.replace(/\/\/(127\.0\.0\.1|0\.0\.0\.0|\[::1?\])/, "//localhost");
  const operations = firstOperations(`${address}/graphql`);
  return [
    "",
    `  The auth graph runs at  ${address}/graphql`,
    `  First operations        ${address}/`,
    ...(showsOutbox ? [`  Messages it would send  ${address}/outbox`] : []),
    "",
    "  For another terminal; again and again, if you like:",
    "",
    ...operations.flatMap(({ title, command }) => [`  ${title}`, "", `  ${command}`, ""]),
    "",
  ].join("\n");
}
