import type { AccountLimitName } from "../../auth/limits/default-limits.ts";
import type { ErrorCode } from "../../core/errors.ts";

/** The account or domain that a call is counted for. Only a code can be guessed, so a proof by a link's token counts for nobody. */
export type AccountSubject =
  | "email"
  | "newEmail"
  | "registration"
  | "viewerWithPassword"
  | "viewerWithCurrentPassword"
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
  readonly perAccount?: readonly AccountCount[];
  /** It checks or sets a password: a request has at most one such call. */
  readonly takesPassword?: true;
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
    perAccount: [wrongPasswords("email"), signIns("email")],
    takesPassword: true,
  },
  "Mutation.register": {
    rateLimit: { max: 20, window: "1h" },
    countedBy: "address",
    perAccount: [messages("registration")],
    takesPassword: true,
  },
  "Mutation.changePassword": {
    rateLimit: proofs,
    perAccount: [wrongPasswords("viewerWithCurrentPassword")],
    takesPassword: true,
  },
  "Mutation.resetPassword": { rateLimit: proofs, countedBy: "address", takesPassword: true },
  "Mutation.requestEmailChange": {
    rateLimit: hourly,
    perAccount: [wrongPasswords("viewerWithPassword"), messages("newEmail")],
    takesPassword: true,
  },
  "Mutation.deleteAccount": {
    rateLimit: hourly,
    perAccount: [wrongPasswords("viewerWithPassword")],
    takesPassword: true,
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
const byCoordinate: ReadonlyMap<string, RootPolicy> = new Map(Object.entries(policies));

/** The policy of a root field; undefined for queries and subscriptions without one, and for fields of other graphs. */
export function policyOf(coordinate: string): RootPolicy | undefined {
  return byCoordinate.get(coordinate);
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
  const names = [...byCoordinate].filter(([, policy]) => holds(policy)).map(([coordinate]) => coordinate.split("."));
  return new Set(names.flatMap(([type, field = ""]) => (type === "Mutation" ? [field] : [])));
}

/** Throws where a mutation of ours has no policy, a policy no field, or the schema shows other limits than those that count. */
export function checkPolicies(rootFields: readonly string[], limited: ReadonlySet<string>): void {
  const known = new Set(rootFields);
  const problems = [
    ...rootFields.filter((field) => field.startsWith("Mutation.") && !byCoordinate.has(field)).map((field) => `${field} has no policy`),
    ...[...byCoordinate.keys()].filter((field) => !known.has(field)).map((field) => `${field} has a policy, and is no field`),
    ...[...limited].filter((field) => policyOf(field)?.rateLimit === undefined).map((field) => `${field} has a limit that is no policy's`),
    ...[...byCoordinate]
      .filter(([field, { rateLimit }]) => rateLimit !== undefined && !limited.has(field))
      .map(([field]) => `${field} does not show its limit in the schema`),
  ];
  if (problems.length > 0) throw new Error(`src/graphql/policies/root-policies.ts: ${problems.join("; ")}.`);
}
