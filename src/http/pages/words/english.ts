import { passwordProblems } from "../../../auth/passwords/password-problems.ts";
import type { PageWords } from "./page-words.ts";

export const english: PageWords = {
  noScript: "This page needs JavaScript, which is switched off in this browser.",
  incomplete: "This link is not complete. Open it again from the message.",
  goOn: "Continue to {{service}}",
  goBack: "You can close this page and go back to {{service}}.",
  verifyTitle: "Verify your e-mail address",
  verifyText: "Press the button to confirm that this address is yours.",
  verifyButton: "Verify my address",
  verifyDone: "Thank you: your address is verified. You can sign in now.",
  resendTitle: "No message, or an old one?",
  resendButton: "Send another message",
  resendDone:
    "A message is on its way to that address. It can take a minute, and it may be among the spam. Open its link, or " +
    "stay here and enter its code.",
  codeText: "Enter the code of the message that was sent to you.",
  code: "Code of six digits",
  email: "E-mail address",
  resetTitle: "Set a new password",
  newPassword: "New password",
  passwordRule: "At least 8 characters; a few unrelated words are best.",
  resetButton: "Set the password",
  resetDone: "The new password is set, and you are signed out everywhere. You can sign in with it now.",
  isLinkOld: "Is the link old?",
  forgottenTitle: "Forgotten password",
  forgottenText: "We send you a message with a link to set a new password.",
  forgottenButton: "Send the message",
  forgottenDone: "A message is on its way to that address. It can take a minute, and it may be among the spam.",
  forgottenLink: "Ask for a new password",
  changeTitle: "Confirm your new e-mail address",
  changeText: "Press the button to use this address from now on.",
  changeButton: "Confirm the new address",
  changeDone: "Thank you: the new address is yours. Sign in with it from now on.",
  undoTitle: "Go back to your old e-mail address",
  undoText: "If you did not change the address, press the button: the old one is restored, and everybody is signed out.",
  undoButton: "Restore the old address",
  undoDone: "Your old address is restored, and everybody is signed out. We have sent you a message with a link to set a new password.",
  problems: {
    unreachable: "The server cannot be reached. Check your connection, then try again.",
    sentences: {
      [passwordProblems.tooShort]: "This password is too short.",
      [passwordProblems.common]: "Many people use this password, so attackers try it first.",
      [passwordProblems.pattern]:
        "This password is easy to guess: a repetition, counting, neighbouring keys, or a common word with little else.",
      [passwordProblems.ownAddress]: "This password is your e-mail address or a part of it.",
    },
    fields: { email: "That is not an e-mail address, such as ada@example.com." },
    codes: {},
  },
};
