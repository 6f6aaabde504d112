import {
  ChangePasswordDocument,
  ConfirmEmailChangeDocument,
  DeleteAccountDocument,
  DisableUserDocument,
  EnableUserDocument,
  ForceLogoutDocument,
  LoginDocument,
  LogoutAllDocument,
  LogoutDocument,
  ReauthenticateDocument,
  RefreshDocument,
  RegisterDocument,
  RequestEmailChangeDocument,
  RequestEmailVerificationDocument,
  RequestPasswordResetDocument,
  ResetPasswordDocument,
  RevokeSessionDocument,
  SetUserRolesDocument,
  UndoEmailChangeDocument,
  UnlockUserDocument,
  VerifyEmailDocument,
} from "../../generated/operations.ts";
import { type Client, dataOf } from "../client.ts";
import { newEmail, PASSWORD } from "../sign-in.ts";
import { openSocket } from "./live-socket.ts";

export interface MutationParts extends Client {
  readonly url: string;
  readonly admin: { readonly email: string; readonly password: string };
  /** The token of the link in the newest message of a subject to an address; waits until so many have come. */
  mailedToken(to: string, subject: RegExp, messages: number): Promise<string>;
}

/** Each mutation by its name, with a use of it that succeeds; in an order in which they can all be done, over and over. */
export function everyMutation(parts: MutationParts): ReadonlyMap<string, () => Promise<unknown>> {
  const { send, mailedToken, admin } = parts;
  const logIn = async (email: string, password = PASSWORD) => dataOf(await send(LoginDocument, { input: { email, password } })).login;
  const register = async (email: string) => dataOf(await send(RegisterDocument, { input: { email, password: PASSWORD } })).register;
  const asAdmin = async () => ({ token: (await logIn(admin.email, admin.password)).accessToken });

  const [email, laterEmail, deletedEmail] = [newEmail(), newEmail(), newEmail()];
  const newPassword = "another walk, along the river";

  return new Map<string, () => Promise<unknown>>([
    ["register", () => register(email)],
    ["login", () => logIn(email)],
    ["requestEmailVerification", async () => dataOf(await send(RequestEmailVerificationDocument, { email }))],
    ["verifyEmail", async () => dataOf(await send(VerifyEmailDocument, { input: { token: await mailedToken(email, /confirm/i, 2) } }))],
    [
      "refresh",
      async () => {
        const { refreshToken } = await logIn(email);
        const input = { input: { refreshToken } };
        dataOf(await send(RefreshDocument, input));
        dataOf(await send(RefreshDocument, input));
      },
    ],
    ["logout", async () => dataOf(await send(LogoutDocument, {}, { token: (await logIn(email)).accessToken }))],
    [
      "revokeSession",
      async () => {
        const [held, other] = [await logIn(email), await logIn(email)];
        dataOf(await send(RevokeSessionDocument, { id: other.session.id }, { token: held.accessToken }));
      },
    ],
    ["logoutAll", async () => dataOf(await send(LogoutAllDocument, {}, { token: (await logIn(email)).accessToken }))],
    [
      "changePassword",
      async () => {
        const input = { currentPassword: PASSWORD, newPassword };
        dataOf(await send(ChangePasswordDocument, { input }, { token: (await logIn(email)).accessToken }));
      },
    ],
    ["requestPasswordReset", async () => dataOf(await send(RequestPasswordResetDocument, { email }))],
    [
      "resetPassword",
      async () => {
        const token = await mailedToken(email, /choose a new password/i, 1);
        dataOf(await send(ResetPasswordDocument, { input: { token, newPassword: PASSWORD } }));
      },
    ],
    [
      "requestEmailChange",
      async () => {
        const { accessToken } = await logIn(email);
        dataOf(await send(RequestEmailChangeDocument, { input: { newEmail: laterEmail } }, { token: accessToken }));
      },
    ],
    [
      "confirmEmailChange",
      async () =>
        dataOf(await send(ConfirmEmailChangeDocument, { input: { token: await mailedToken(laterEmail, /new e-mail address/i, 1) } })),
    ],
    [
      "undoEmailChange",
      async () => dataOf(await send(UndoEmailChangeDocument, { input: { token: await mailedToken(email, /was changed/i, 1) } })),
    ],
    [
      "deleteAccount",
      async () => {
        const { accessToken } = await register(deletedEmail);
        dataOf(await send(DeleteAccountDocument, { input: { password: PASSWORD } }, { token: accessToken }));
      },
    ],
    ...administration(parts, { asAdmin, register }),
  ]);
}

interface Administering {
  asAdmin(): Promise<{ token: string }>;
  register(email: string): Promise<{ readonly accessToken: string; readonly user: { readonly id: string } }>;
}

function administration({ send, url }: MutationParts, { asAdmin, register }: Administering): [string, () => Promise<unknown>][] {
  const newUserId = async () => (await register(newEmail())).user.id;
  return [
    [
      "setUserRoles",
      async () => dataOf(await send(SetUserRolesDocument, { userId: await newUserId(), roles: ["admin"] }, await asAdmin())),
    ],
    [
      "disableUser",
      async () => dataOf(await send(DisableUserDocument, { userId: await newUserId(), reason: "asked to" }, await asAdmin())),
    ],
    [
      "enableUser",
      async () => {
        const [userId, options] = [await newUserId(), await asAdmin()];
        dataOf(await send(DisableUserDocument, { userId }, options));
        dataOf(await send(EnableUserDocument, { userId }, options));
      },
    ],
    ["unlockUser", async () => dataOf(await send(UnlockUserDocument, { userId: await newUserId() }, await asAdmin()))],
    ["forceLogout", async () => dataOf(await send(ForceLogoutDocument, { userId: await newUserId() }, await asAdmin()))],
    [
      "reauthenticate",
      async () => {
        const { accessToken } = await register(newEmail());
        const live = await openSocket(url);
        await live.init({ accessToken });
        const { errors } = await live.ask(ReauthenticateDocument, { accessToken });
        if (errors.length > 0) throw new Error(JSON.stringify(errors));
        live.socket.close();
      },
    ],
  ];
}
