import type { AuthFieldsFragment } from "../generated/operations.ts";
import { newEmail, PASSWORD } from "../support/sign-in.ts";

/**
 * Who calls. `user` is the one that the operation is about; the foreign admin's token is another issuer's, with our role admin and the
 * user's id as its subject; the last three hold a token that counts no longer.
 */
export const callers = ["anonymous", "user", "other user", "admin", "foreign admin", "disabled user", "expired", "revoked"] as const;
export type Caller = (typeof callers)[number];
type Outcome =
  | "ok"
  | "missing"
  | "expired"
  | "revoked"
  | "foreign_issuer"
  | "FORBIDDEN"
  | "NOT_FOUND"
  | "BAD_USER_INPUT"
  | "null without an error";
type Expectation = Readonly<Record<Caller, Outcome>>;

export interface Cast {
  /** Who the operation is about. */
  readonly user: AuthFieldsFragment;
  readonly tokens: Readonly<Partial<Record<Caller, string | undefined>>>;
  /** One-time tokens of the messages that the user got. */
  readonly mailed: { readonly verification: string; readonly reset: string; readonly change: string; readonly undo: string };
}

interface Row {
  readonly query: string;
  /** Whether it takes what the user was mailed. */
  readonly isMailed?: true;
  readonly variables?: (cast: Cast) => Record<string, unknown>;
  readonly expected: Expectation;
}

const forAll = (outcome: Outcome): Expectation => Object.fromEntries(callers.map((caller) => [caller, outcome])) as Expectation;
export const withoutToken = {
  anonymous: "missing",
  "foreign admin": "foreign_issuer",
  "disabled user": "revoked",
  expired: "expired",
  revoked: "revoked",
} as const;
export const signedIn: Expectation = { ...forAll("ok"), ...withoutToken };
const adminOnly: Expectation = { ...signedIn, user: "FORBIDDEN", "other user": "FORBIDDEN" };
const adminOrOwn: Expectation = { ...signedIn, "other user": "FORBIDDEN" };
const ownOnly: Expectation = { ...signedIn, "other user": "NOT_FOUND", admin: "NOT_FOUND" };

const aboutUser = (cast: Cast) => ({ id: cast.user.user.id });
const credentials = () => ({ input: { email: newEmail(), password: PASSWORD } });

/** Every root field, and every field whose own rule is stricter than that of what leads to it. */
export const matrix: Readonly<Record<string, Row>> = {
  "Query.me": { query: "{ me { id emailVerified } }", expected: signedIn },
  "Query.sessions": { query: "{ sessions { id } }", expected: signedIn },
  "Query.session": {
    query: "query($id: ID!) { session(id: $id) { id } }",
    variables: ({ user }) => ({ id: user.session.id }),
    expected: { ...signedIn, "other user": "null without an error" },
  },
  "Query.user": { query: "query($id: ID!) { user(id: $id) { id } }", variables: aboutUser, expected: adminOnly },
  "Query.lookUpUser": {
    query: "query($id: String!) { lookUpUser(emailOrId: $id) { id } }",
    variables: aboutUser,
    expected: { ...adminOnly, admin: "FORBIDDEN" },
  },
  "Query.users": { query: "{ users { edges { node { id email } } totalCount } }", expected: adminOnly },
  "Query.auditEvents": { query: "{ auditEvents { edges { node { id } } } }", expected: adminOnly },
  "Query.explainAccess": { query: '{ explainAccess(operation: "{ me { id } }") { coordinate } }', expected: adminOnly },
  "Query._sdl": { query: "{ _sdl }", expected: forAll("ok") },
  "Query._service": { query: "{ _service { sdl } }", expected: forAll("ok") },
  "Query._entities": {
    query: "query($keys: [_Any!]!) { _entities(representations: $keys) { __typename } }",
    variables: ({ user }) => ({
      keys: [
        { __typename: "User", id: user.user.id },
        { __typename: "Session", id: user.session.id },
      ],
    }),
    expected: adminOrOwn,
  },
  "Query.usersById": {
    query: "query($id: ID!) { usersById(ids: [$id]) { id } }",
    variables: aboutUser,
    expected: adminOrOwn,
  },
  "Query.sessionsById": {
    query: "query($id: ID!) { sessionsById(ids: [$id]) { id } }",
    variables: ({ user }) => ({ id: user.session.id }),
    expected: adminOrOwn,
  },
  "Mutation.register": {
    query: "mutation($input: RegisterInput!) { register(input: $input) { accessToken } }",
    variables: credentials,
    expected: forAll("ok"),
  },
  "Mutation.login": {
    query: "mutation($input: LoginInput!) { login(input: $input) { accessToken } }",
    variables: ({ user }) => ({ input: { email: user.user.email, password: PASSWORD } }),
    expected: forAll("ok"),
  },
  "Mutation.refresh": {
    query: "mutation($input: RefreshInput) { refresh(input: $input) { accessToken } }",
    variables: ({ user }) => ({ input: { refreshToken: user.refreshToken } }),
    expected: forAll("ok"),
  },
  "Mutation.logout": { query: "mutation { logout { endedSessions } }", expected: forAll("ok") },
  "Mutation.logoutAll": { query: "mutation { logoutAll { endedSessions } }", expected: signedIn },
  "Mutation.revokeSession": {
    query: "mutation($id: ID!) { revokeSession(id: $id) { id } }",
    variables: ({ user }) => ({ id: user.session.id }),
    expected: ownOnly,
  },
  "Mutation.changePassword": {
    query: "mutation($input: ChangePasswordInput!) { changePassword(input: $input) { id } }",
    variables: () => ({ input: { currentPassword: PASSWORD, newPassword: `${PASSWORD} and back` } }),
    expected: signedIn,
  },
  "Mutation.requestEmailVerification": {
    query: "mutation($email: String!) { requestEmailVerification(input: { email: $email }) { accepted } }",
    variables: ({ user }) => ({ email: user.user.email }),
    expected: forAll("ok"),
  },
  "Mutation.verifyEmail": {
    query: "mutation($token: String!) { verifyEmail(input: { token: $token }) { email } }",
    isMailed: true,
    variables: ({ mailed }) => ({ token: mailed.verification }),
    expected: forAll("ok"),
  },
  "Mutation.requestPasswordReset": {
    query: "mutation($email: String!) { requestPasswordReset(input: { email: $email }) { accepted } }",
    variables: ({ user }) => ({ email: user.user.email }),
    expected: forAll("ok"),
  },
  "Mutation.resetPassword": {
    query: "mutation($input: ResetPasswordInput!) { resetPassword(input: $input) { endedSessions } }",
    isMailed: true,
    variables: ({ mailed }) => ({ input: { token: mailed.reset, newPassword: `${PASSWORD} and back` } }),
    expected: forAll("ok"),
  },
  "Query.exportAccount": { query: "{ exportAccount { user { id } pendingEmail } }", expected: signedIn },
  "Mutation.requestEmailChange": {
    query: "mutation($email: String!) { requestEmailChange(input: { newEmail: $email }) { accepted } }",
    variables: () => ({ email: newEmail() }),
    expected: signedIn,
  },
  "Mutation.confirmEmailChange": {
    query: "mutation($token: String!) { confirmEmailChange(input: { token: $token }) { email } }",
    isMailed: true,
    variables: ({ mailed }) => ({ token: mailed.change }),
    expected: forAll("ok"),
  },
  "Mutation.undoEmailChange": {
    query: "mutation($token: String!) { undoEmailChange(input: { token: $token }) { email } }",
    isMailed: true,
    variables: ({ mailed }) => ({ token: mailed.undo }),
    expected: forAll("ok"),
  },
  "Mutation.deleteAccount": { query: "mutation { deleteAccount { erasureAt } }", expected: signedIn },
  "Mutation.setUserRoles": {
    query: 'mutation($id: ID!) { setUserRoles(userId: $id, roles: ["admin"]) { id } }',
    variables: aboutUser,
    expected: adminOnly,
  },
  "Mutation.disableUser": {
    query: "mutation($id: ID!) { disableUser(userId: $id) { id } }",
    variables: aboutUser,
    expected: adminOnly,
  },
  "Mutation.enableUser": { query: "mutation($id: ID!) { enableUser(userId: $id) { id } }", variables: aboutUser, expected: adminOnly },
  "Mutation.unlockUser": { query: "mutation($id: ID!) { unlockUser(userId: $id) { id } }", variables: aboutUser, expected: adminOnly },
  "Mutation.forceLogout": {
    query: "mutation($id: ID!) { forceLogout(userId: $id) { endedSessions } }",
    variables: aboutUser,
    expected: adminOnly,
  },
  "Mutation.reauthenticate": {
    query: 'mutation { reauthenticate(accessToken: "x") { id } }',
    expected: forAll("BAD_USER_INPUT"),
  },
  "Subscription.sessionEvents": {
    query: "subscription { sessionEvents { type } }",
    expected: forAll("BAD_USER_INPUT"),
  },
  // Signing in as somebody shows that user to whoever calls, whose own token decides about the rest.
  "User.sessions": {
    query: "mutation($input: LoginInput!) { login(input: $input) { user { sessions { id } } } }",
    variables: ({ user }) => ({ input: { email: user.user.email, password: PASSWORD } }),
    expected: adminOrOwn,
  },
  "Session.events": {
    query: "mutation($input: LoginInput!) { login(input: $input) { session { events { type } } } }",
    variables: ({ user }) => ({ input: { email: user.user.email, password: PASSWORD } }),
    expected: adminOrOwn,
  },
};
