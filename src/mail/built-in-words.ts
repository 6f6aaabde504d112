import type { WordsName } from "./mail-words.ts";

/** A paragraph, what the link is for, or what the code is for. */
export type Part = string | { readonly link: string } | { readonly code: string };

export interface PlainWords {
  readonly subject: string;
  readonly parts: readonly Part[];
}

const ignore = "If it was not you, you need not do anything.";
const nobodyAsks = "Nobody from {{service}} will ever ask you for this code.";

/** The words of our own. Each message says what happened, what to do, and what to do if it was not you. */
export const builtInWords: Readonly<Record<WordsName, PlainWords>> = {
  verify_email: {
    subject: "Confirm your e-mail address for {{service}}",
    parts: [
      "Somebody, most likely you, has registered at {{service}} with this e-mail address.",
      { link: "Confirm that it is yours:" },
      { code: "Or enter this code where you registered:" },
      nobodyAsks,
      "If it was not you, do not confirm it: as long as nobody does, the address does not count as theirs.",
    ],
  },
  already_registered: {
    subject: "You already have an account at {{service}}",
    parts: [
      "Somebody, most likely you, wanted to register at {{service}} with this e-mail address. It has an account " +
        "already, and nothing was changed.",
      "You can sign in with the password that you have.",
      { link: "If you have forgotten it, choose a new one:" },
      ignore,
    ],
  },
  already_verified: {
    subject: "Your e-mail address is confirmed already",
    parts: [
      "Somebody, most likely you, asked {{service}} to confirm this e-mail address again. It is confirmed already: you can sign in.",
      ignore,
    ],
  },
  no_account: {
    subject: "There is no account with this address at {{service}}",
    parts: [
      "Somebody, most likely you, asked {{service}} for a message about the account with this e-mail address. There is no such account.",
      "Perhaps you registered with another address. Otherwise you can register with this one.",
      ignore,
    ],
  },
  reset_password: {
    subject: "Choose a new password for {{service}}",
    parts: [
      "Somebody, most likely you, has asked for a new password for your account at {{service}}.",
      { link: "Choose it here:" },
      "The link is good for one hour, and once. After that you are signed out everywhere and sign in with the new password.",
      `${ignore} Your password stays as it is.`,
    ],
  },
  confirm_email_change: {
    subject: "Confirm your new e-mail address for {{service}}",
    parts: [
      "Somebody, most likely you, wants to use this e-mail address for an account at {{service}} from now on.",
      { link: "Confirm that it is yours:" },
      { code: "Or enter this code where you asked for the change:" },
      nobodyAsks,
      `${ignore} Without a confirmation the account keeps its old address.`,
    ],
  },
  address_in_use: {
    subject: "This address has an account at {{service}} already",
    parts: [
      "Somebody, most likely you, wanted to use this e-mail address for another account at {{service}}. It has an " +
        "account of its own already, so nothing was changed.",
      ignore,
    ],
  },
  email_changed: {
    subject: "The e-mail address of your account at {{service}} was changed",
    parts: [
      "Your account at {{service}} now has another e-mail address: {{newEmail}}. Messages no longer come here.",
      "If that was you, you need not do anything.",
      { link: "If it was not you, take the change back:" },
      "You can do that until {{undoUntil}}. Everybody is signed out then, and you choose a new password.",
    ],
  },
  email_changed_for_good: {
    subject: "The e-mail address of your account at {{service}} was changed",
    parts: [
      "Your account at {{service}} now has another e-mail address: {{newEmail}}. Messages no longer come here.",
      "If it was not you, write to whoever runs {{service}}.",
    ],
  },
  email_change_undone: {
    subject: "Your account at {{service}} has this address again",
    parts: [
      "The change of your e-mail address was taken back, and everybody was signed out of your account at {{service}}.",
      { link: "To sign in again, choose a new password:" },
      "If it was not you who took it back, choose a new password all the same: then only you can sign in.",
    ],
  },
  password_changed: {
    subject: "Your password for {{service}} was changed",
    parts: [
      "The password of your account at {{service}} was changed on {{at}}.",
      "If that was you, you need not do anything.",
      "If it was not you, ask for a new password where you sign in: that signs everybody else out. Change the password " +
        "of your mailbox too if somebody else may know it.",
    ],
  },
  new_device: {
    subject: "A new sign-in to your account at {{service}}",
    parts: [
      "Somebody signed in to your account at {{service}} on {{at}}, on a device that had not been used before: " +
        "{{device}}, from the address {{ipAddress}}.",
      "If that was you, you need not do anything.",
      "If it was not you, change your password: whoever signed in knows it.",
    ],
  },
  token_reused: {
    subject: "A session of yours at {{service}} was ended for safety",
    parts: [
      "On {{at}} a sign-in that had been renewed already was used once more: by {{device}}, from the address " +
        "{{ipAddress}}. Somebody may have copied it, so that session was ended. Your other devices stay signed in.",
      "Sign in again where you were signed out. If this happens again, or you do not know the device, change your password.",
    ],
  },
  account_deletion: {
    subject: "Your account at {{service}} will be deleted",
    parts: [
      "Your account at {{service}} will be deleted on {{erasureAt}}, with everything that is kept of you. You are signed out everywhere.",
      "If you change your mind, or if it was not you, sign in before then: the account stays. In that case change your password, too.",
    ],
  },
  account_restored: {
    subject: "Your account at {{service}} stays",
    parts: [
      "Somebody, most likely you, has signed in to your account at {{service}}, so it will not be deleted.",
      "If it was not you, change your password: whoever signed in knows it.",
    ],
  },
};
