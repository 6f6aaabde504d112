import type { AccountLimitName } from "../../auth/limits/default-limits.ts";
import type { ErrorCode } from "../../core/errors.ts";

/** The account or domain that a call is counted for. Only a code can be guessed, so a proof by a link's token counts for nobody. */
export type AccountSubject =
  /** The viewer, where the call gives the argument at this path. */
  | { readonly viewerWith: string }
  | "email"
  | "newEmail"
  | "registration"
  | "viewerWithCode"
  | "emailWithCode"
  | "domainWithCode"
  | "wantedDomainWithCode";

/** A limit over all calls about one account or domain, whoever makes them. Fields of one name are counted together. */
export interface AccountCount {
  readonly name: AccountLimitName;
  readonly subject: AccountSubject;
  /** Only what ends like this counts: all else is given back. Absent: whatever it ends in. */
  readonly countsOnly?: ErrorCode | "success";
}

/** The passwords that a call takes, as paths of its arguments. */
type TakenPasswords =
  /** Wrong ones are counted for the account that they are of: the viewer's, or that of the address in the input. */
  { readonly checks: string; readonly of: "viewer" | "email"; readonly sets?: string } | { readonly checks?: never; readonly sets: string };

/** The policy for calls of one root field: limits, rules for documents and sockets, and the schema itself read it here. */
export interface RootPolicy {
  /** `@rateLimit` of the schema. Absent: the limit of all other fields. */
  readonly rateLimit?: { readonly max: number; readonly window: string };
  /**
   * `address`: whoever calls is nobody yet, or claims to be somebody; their address counts, also where they are signed in.
   * Absent: the user where somebody is signed in, else the address.
   */
  readonly countedBy?: "address";
  /** A good password costs its caller nothing: an office behind one address is not shut out by its own people. */
  readonly givesSuccessBack?: true;
  /** Beside that of wrong passwords, which follows from `passwords`. */
  readonly perAccount?: readonly AccountCount[];
  /** A request has at most one call that takes any. */
  readonly passwords?: TakenPasswords;
  /** `websocket`: over a WebSocket alone. Absent: a mutation comes over HTTP alone, all else over both. */
  readonly transport?: "websocket";
}

const wrongPasswords = (subject: AccountSubject): AccountCount => ({
  name: "failedLoginsPerAccount",
  subject,
  countsOnly: "INVALID_CREDENTIALS",
});
const signIns = (subject: AccountSubject): AccountCount => ({ name: "signInsPerAccount", subject, countsOnly: "success" });
const codes = (subject: AccountSubject): AccountCount => ({ name: "codeTriesPerAccount", subject, countsOnly: "INVALID_ONE_TIME_TOKEN" });
const codesOfDomain = (subject: AccountSubject): AccountCount => ({ ...codes(subject), name: "codeTriesPerDomain" });
const messages = (subject: AccountSubject): AccountCount => ({ name: "messagesPerAddress", subject });
const hourly = { max: 5, window: "1h" };
const proofs = { max: 10, window: "15m" };

/** Every mutation, and each query that differs from others. A mutation that is missing here stops the start. */
const policies = {
  "Mutation.login": {
    rateLimit: { max: 5, window: "15m" },
    countedBy: "address",
    givesSuccessBack: true,
    perAccount: [signIns("email")],
    passwords: { checks: "input.password", of: "email" },
  },
  "Mutation.register": {
    rateLimit: { max: 20, window: "1h" },
    countedBy: "address",
    perAccount: [messages("registration")],
    passwords: { sets: "input.password" },
  },
  "Mutation.changePassword": {
    rateLimit: proofs,
    passwords: { checks: "input.currentPassword", of: "viewer", sets: "input.newPassword" },
  },
  "Mutation.resetPassword": { rateLimit: proofs, countedBy: "address", passwords: { sets: "input.newPassword" } },
  "Mutation.requestEmailChange": {
    rateLimit: hourly,
    perAccount: [messages("newEmail")],
    passwords: { checks: "input.password", of: "viewer" },
  },
  "Mutation.deleteAccount": {
    rateLimit: hourly,
    passwords: { checks: "input.password", of: "viewer" },
  },
  "Mutation.confirmEmailChange": { rateLimit: proofs, perAccount: [codes("viewerWithCode"), codesOfDomain("wantedDomainWithCode")] },
  "Mutation.undoEmailChange": { rateLimit: proofs },
  "Mutation.requestEmailVerification": { rateLimit: hourly, countedBy: "address", perAccount: [messages("email")] },
  "Mutation.verifyEmail": {
    rateLimit: proofs,
    countedBy: "address",
    perAccount: [codes("emailWithCode"), codesOfDomain("domainWithCode")],
  },
  "Mutation.requestPasswordReset": { rateLimit: hourly, countedBy: "address", perAccount: [messages("email")] },
  "Mutation.refresh": {},
  "Mutation.logout": {},
  "Mutation.logoutAll": {},
  "Mutation.revokeSession": {},
  "Mutation.reauthenticate": { transport: "websocket" },
  "Mutation.setUserRoles": {},
  "Mutation.disableUser": {},
  "Mutation.enableUser": {},
  "Mutation.unlockUser": {},
  "Mutation.forceLogout": {},
  "Query.exportAccount": { rateLimit: hourly },
} as const satisfies Readonly<Record<string, RootPolicy>>;

type PolicyName = keyof typeof policies;
export const policiesByField: ReadonlyMap<string, RootPolicy> = new Map(Object.entries(policies));

/** The policy of a root field; undefined for queries and subscriptions without one, and for fields of other graphs. */
export function policyOf(coordinate: string): RootPolicy | undefined {
  return policiesByField.get(coordinate);
}

/** All limits over the calls about one account or domain. */
export function accountCountsOf(coordinate: string): readonly AccountCount[] {
  const { passwords, perAccount = [] } = policyOf(coordinate) ?? {};
  if (passwords?.checks === undefined) return perAccount;
  return [wrongPasswords(passwords.of === "email" ? "email" : { viewerWith: passwords.checks }), ...perAccount];
}

/** The text of the directive that shows the limit in the schema. */
export function rateLimitOf(
  coordinate: { [Name in PolicyName]: (typeof policies)[Name] extends { rateLimit: object } ? Name : never }[PolicyName],
): string {
  const { max, window } = policies[coordinate].rateLimit;
  return `@rateLimit(max: ${max}, window: "${window}")`;
}

/** The mutations of which this holds, by name. */
export function mutationsThat(holds: (policy: RootPolicy) => boolean): ReadonlySet<string> {
  const names = [...policiesByField].filter(([, policy]) => holds(policy)).map(([coordinate]) => coordinate.split("."));
  return new Set(names.flatMap(([type, field = ""]) => (type === "Mutation" ? [field] : [])));
}
