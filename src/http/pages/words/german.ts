import { passwordProblems } from "../../../auth/passwords/password-problems.ts";
import type { PageWords } from "./page-words.ts";

export const german: PageWords = {
  noScript: "Diese Seite braucht JavaScript, das in diesem Browser ausgeschaltet ist.",
  incomplete: "Dieser Link ist unvollständig. Öffnen Sie ihn noch einmal aus der Nachricht.",
  goOn: "Weiter zu {{service}}",
  goBack: "Sie können diese Seite schließen und zu {{service}} zurückkehren.",
  verifyTitle: "E-Mail-Adresse bestätigen",
  verifyText: "Drücken Sie den Knopf, um zu bestätigen, dass diese Adresse Ihnen gehört.",
  verifyButton: "Adresse bestätigen",
  verifyDone: "Vielen Dank: Ihre Adresse ist bestätigt. Sie können sich jetzt anmelden.",
  resendTitle: "Keine Nachricht, oder eine alte?",
  resendButton: "Neue Nachricht senden",
  resendDone:
    "Eine Nachricht ist an diese Adresse unterwegs. Das kann eine Minute dauern; vielleicht liegt sie im Spam. Öffnen " +
    "Sie ihren Link, oder bleiben Sie hier und geben Sie ihren Code ein.",
  codeText: "Geben Sie den Code aus der Nachricht ein.",
  code: "Code aus sechs Ziffern",
  email: "E-Mail-Adresse",
  resetTitle: "Neues Passwort festlegen",
  newPassword: "Neues Passwort",
  passwordRule: "Mindestens 8 Zeichen; am besten einige Wörter, die nichts miteinander zu tun haben.",
  resetButton: "Passwort festlegen",
  resetDone: "Das neue Passwort gilt, und Sie sind überall abgemeldet. Sie können sich jetzt damit anmelden.",
  isLinkOld: "Ist der Link alt?",
  forgottenTitle: "Passwort vergessen",
  forgottenText: "Wir senden Ihnen eine Nachricht mit einem Link, über den Sie ein neues Passwort festlegen.",
  forgottenButton: "Nachricht senden",
  forgottenDone: "Eine Nachricht ist an diese Adresse unterwegs. Das kann eine Minute dauern; vielleicht liegt sie im Spam.",
  forgottenLink: "Neues Passwort anfordern",
  changeTitle: "Neue E-Mail-Adresse bestätigen",
  changeText: "Drücken Sie den Knopf, um ab jetzt diese Adresse zu verwenden.",
  changeButton: "Neue Adresse bestätigen",
  changeDone: "Vielen Dank: Die neue Adresse gilt. Melden Sie sich ab jetzt mit ihr an.",
  undoTitle: "Zur alten E-Mail-Adresse zurückkehren",
  undoText: "Haben Sie die Adresse nicht geändert, drücken Sie den Knopf: Die alte gilt wieder, und alle werden abgemeldet.",
  undoButton: "Alte Adresse wiederherstellen",
  undoDone:
    "Ihre alte Adresse gilt wieder, und alle sind abgemeldet. Wir haben Ihnen eine Nachricht mit einem Link gesandt, " +
    "über den Sie ein neues Passwort festlegen.",
  problems: {
    unreachable: "Der Server ist nicht erreichbar. Prüfen Sie Ihre Verbindung, und versuchen Sie es noch einmal.",
    sentences: {
      [passwordProblems.tooShort]: "Dieses Passwort ist zu kurz.",
      [passwordProblems.common]: "Dieses Passwort benutzen viele; Angreifer probieren es zuerst.",
      [passwordProblems.pattern]:
        "Dieses Passwort ist leicht zu erraten: eine Wiederholung, eine Zahlenreihe, benachbarte Tasten oder ein " +
        "häufiges Wort mit wenig dazu.",
      [passwordProblems.ownAddress]: "Dieses Passwort ist Ihre E-Mail-Adresse oder ein Teil davon.",
    },
    fields: {
      email: "Das ist keine E-Mail-Adresse wie ada@example.com.",
      code: "Der Code besteht aus sechs Ziffern.",
      newPassword: "Dieses Passwort kann nicht genommen werden. Wählen Sie ein anderes.",
    },
    codes: {
      INVALID_ONE_TIME_TOKEN: "Dieser Link oder Code ist falsch, abgelaufen oder schon benutzt. Fordern Sie eine neue Nachricht an.",
      EMAIL_TAKEN: "Diese Adresse gehört inzwischen zu einem anderen Konto.",
      RATE_LIMITED: "Das waren zu viele Versuche. Warten Sie eine Weile, und versuchen Sie es dann noch einmal.",
      TOO_BUSY: "Der Server ist gerade ausgelastet. Versuchen Sie es in einigen Sekunden noch einmal.",
    },
    other: "Das hat nicht geklappt, und es wurde nichts geändert. Versuchen Sie es später noch einmal.",
  },
};
