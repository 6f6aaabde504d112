import { expect, test } from "vitest";
import { type AccountLimitName, ALL_FIELDS_LIMIT, accountLimitDefaults, DEFAULT_LIMIT } from "../../src/auth/limits/default-limits.ts";
import { readWindow } from "../../src/graphql/limits/rate-limit-directive.ts";
import { type AccountSubject, accountCountsOf, mutationsThat, policiesByField } from "../../src/graphql/policies/root-policies.ts";
import { readDocument, sectionOf, table } from "../support/documents.ts";

const page = readDocument("docs/concepts/limits.md");
const nameOf = (coordinate: string) => `\`${coordinate.slice(coordinate.indexOf(".") + 1)}\``;
const windowWords: Readonly<Record<number, string>> = { 60: "a minute", 3600: "an hour" };
const callsOf = ({ max, windowSeconds }: { max: number; windowSeconds: number }) =>
  `${max} ${windowWords[windowSeconds] ?? `in ${windowSeconds / 60} minutes`}`;
const caller = "the user; the address where nobody is signed in";

function groups<Item>(items: readonly Item[], keyOf: (item: Item) => string): Item[][] {
  return [...new Set(items.map(keyOf))].map((key) => items.filter((item) => keyOf(item) === key));
}

/** Fields that are counted alike, each by itself. */
function rowsOfFields(): string[][] {
  const stated = [...policiesByField].flatMap(([coordinate, { rateLimit, countedBy, givesSuccessBack }]) => {
    if (rateLimit === undefined) return [];
    const calls = callsOf({ max: rateLimit.max, windowSeconds: readWindow(rateLimit.window) });
    const whom = countedBy === "address" ? "the address, signed in or not" : caller;
    return [{ field: nameOf(coordinate), calls: givesSuccessBack ? `${calls}; a success gives its attempt back` : calls, whom }];
  });
  return groups(stated, ({ calls, whom }) => `${calls} ${whom}`).flatMap((alike) => {
    const [first] = alike;
    if (first === undefined) return [];
    const each = alike.length > 1 ? ", each" : "";
    return [[alike.map(({ field }) => field).join(", "), `${first.calls}${each}`, first.whom, "PostgreSQL"]];
  });
}

const whatCounts: Readonly<Record<AccountLimitName, string>> = {
  failedLoginsPerAccount: "wrong passwords",
  signInsPerAccount: "successful sign-ins",
  codeTriesPerAccount: "wrong codes",
  codeTriesPerDomain: "wrong codes",
  messagesPerAddress: "messages",
};
const address = "the e-mail address, whether or not it has an account";
const domain = "the domain of the e-mail address";

function ofWhom(subject: AccountSubject): string {
  if (typeof subject !== "string") return address;
  const words: Readonly<Record<typeof subject, string>> = {
    email: address,
    newEmail: address,
    emailWithCode: address,
    registration: "the e-mail address, where it [has to be proven](accounts.md)",
    viewerWithCode: "the user",
    domainWithCode: domain,
    wantedDomainWithCode: domain,
  };
  return words[subject];
}

/** Fields that are counted together. */
function rowsOfAccounts(): string[][] {
  const counts = [...policiesByField.keys()].flatMap((field) =>
    accountCountsOf(field).map(({ name, subject }) => ({ field: nameOf(field), name, whom: ofWhom(subject) })),
  );
  return groups(counts, ({ name, whom }) => `${name} ${whom}`).flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const fields = `${whatCounts[first.name]} of ${group.map(({ field }) => field).join(", ")}${group.length > 1 ? " together" : ""}`;
    return [[fields, callsOf(accountLimitDefaults[first.name]), first.whom, "PostgreSQL"]];
  });
}

test("the table of docs/concepts/limits.md is what the policies say", () => {
  const others = [
    ["every other root field", `${callsOf(DEFAULT_LIMIT)}, each`, caller, "memory of each process"],
    ["all root fields together", callsOf(ALL_FIELDS_LIMIT), caller, "memory of each process"],
  ];
  const rows = [...rowsOfFields(), ...rowsOfAccounts(), ...others];
  expect(sectionOf(page, "limits")).toBe(table(["field", "calls", "of whom", "counted in"], rows));
});

test("docs/concepts/limits.md names the fields of which a request can have one", () => {
  const names = [...mutationsThat(({ passwords }) => passwords !== undefined)].map((name) => `\`${name}\``);
  const list = `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
  expect(sectionOf(page, "password fields")).toBe(`A request can have one of ${list}, and that once.`);
});
