/** What the links in messages lead to: a page that asks before it does anything. */
export interface AccountLinks {
  verifyEmail(token: string): string;
  resetPassword(token: string): string;
  confirmEmailChange(token: string): string;
  undoEmailChange(token: string): string;
  /** The page where a new password is asked for. */
  readonly forgottenPassword: string;
}

export const linkNames = ["verifyEmail", "resetPassword", "confirmEmailChange", "undoEmailChange"] as const;
export type LinkName = (typeof linkNames)[number];

/** Under each name the path of our own page. */
export const accountPages: Readonly<Record<LinkName | "forgottenPassword", string>> = {
  verifyEmail: "/account/verify-email",
  resetPassword: "/account/reset-password",
  confirmEmailChange: "/account/confirm-email-change",
  undoEmailChange: "/account/undo-email-change",
  forgottenPassword: "/account/forgotten-password",
};

/** An operator's page, with `{token}` where the token goes. */
export type LinkOverrides = Readonly<Partial<Record<LinkName | "forgottenPassword", string | undefined>>>;

/**
 * Built from the configured address alone: whatever a request says of its host is the sender's word. Our own pages get the token in the
 * fragment, which browsers send to no server: neither a log nor a referrer has it, and fetching the link uses nothing up.
 */
export function createAccountLinks(publicUrl: string, overrides: LinkOverrides): AccountLinks {
  function link(name: LinkName): (token: string) => string {
    const pattern = overrides[name] ?? `${publicUrl}${accountPages[name]}#token={token}`;
    return (token) => pattern.replaceAll("{token}", () => encodeURIComponent(token));
  }
  return {
    verifyEmail: link("verifyEmail"),
    resetPassword: link("resetPassword"),
    confirmEmailChange: link("confirmEmailChange"),
    undoEmailChange: link("undoEmailChange"),
    forgottenPassword: overrides.forgottenPassword ?? `${publicUrl}${accountPages.forgottenPassword}`,
  };
}
