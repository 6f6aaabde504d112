import { passwordProblems } from "../../../auth/passwords/password-problems.ts";
import type { PageWords } from "./page-words.ts";

export const french: PageWords = {
  noScript: "Cette page a besoin de JavaScript, qui est désactivé dans ce navigateur.",
  incomplete: "Ce lien est incomplet. Ouvrez-le à nouveau depuis le message.",
  goOn: "Continuer vers {{service}}",
  goBack: "Vous pouvez fermer cette page et revenir à {{service}}.",
  verifyTitle: "Confirmer votre adresse e-mail",
  verifyText: "Appuyez sur le bouton pour confirmer que cette adresse est la vôtre.",
  verifyButton: "Confirmer mon adresse",
  verifyDone: "Merci : votre adresse est confirmée. Vous pouvez vous connecter.",
  resendTitle: "Pas de message, ou un ancien ?",
  resendButton: "Envoyer un nouveau message",
  resendDone:
    "Un message est en route vers cette adresse. Cela peut prendre une minute ; regardez aussi dans les indésirables. " +
    "Ouvrez son lien, ou restez ici et saisissez son code.",
  codeText: "Saisissez le code du message que vous avez reçu.",
  code: "Code à six chiffres",
  email: "Adresse e-mail",
  resetTitle: "Choisir un nouveau mot de passe",
  newPassword: "Nouveau mot de passe",
  passwordRule: "Au moins 8 caractères ; le mieux est d’assembler quelques mots sans rapport entre eux.",
  resetButton: "Enregistrer le mot de passe",
  resetDone: "Le nouveau mot de passe est enregistré et vous êtes déconnecté partout. Vous pouvez maintenant vous connecter avec lui.",
  isLinkOld: "Le lien est ancien ?",
  forgottenTitle: "Mot de passe oublié",
  forgottenText: "Nous vous envoyons un message avec un lien pour choisir un nouveau mot de passe.",
  forgottenButton: "Envoyer le message",
  forgottenDone: "Un message est en route vers cette adresse. Cela peut prendre une minute ; regardez aussi dans les indésirables.",
  forgottenLink: "Demander un nouveau mot de passe",
  changeTitle: "Confirmer votre nouvelle adresse e-mail",
  changeText: "Appuyez sur le bouton pour utiliser désormais cette adresse.",
  changeButton: "Confirmer la nouvelle adresse",
  changeDone: "Merci : la nouvelle adresse est la vôtre. Connectez-vous désormais avec elle.",
  undoTitle: "Revenir à votre ancienne adresse e-mail",
  undoText: "Si vous n’avez pas changé l’adresse, appuyez sur le bouton : l’ancienne est rétablie et tout le monde est déconnecté.",
  undoButton: "Rétablir l’ancienne adresse",
  undoDone:
    "Votre ancienne adresse est rétablie et tout le monde est déconnecté. Nous vous avons envoyé un message avec un " +
    "lien pour choisir un nouveau mot de passe.",
  problems: {
    unreachable: "Le serveur est injoignable. Vérifiez votre connexion, puis réessayez.",
    sentences: {
      [passwordProblems.tooShort]: "Ce mot de passe est trop court.",
      [passwordProblems.common]: "Beaucoup de gens utilisent ce mot de passe : les attaquants l’essaient en premier.",
      [passwordProblems.pattern]:
        "Ce mot de passe est facile à deviner : une répétition, une suite, des touches voisines ou un mot courant et peu d’autre chose.",
      [passwordProblems.ownAddress]: "Ce mot de passe est votre adresse e-mail ou une partie de celle-ci.",
    },
    fields: {
      email: "Ce n’est pas une adresse e-mail comme ada@example.com.",
      code: "Le code se compose de six chiffres.",
      newPassword: "Ce mot de passe ne peut pas être accepté. Choisissez-en un autre.",
    },
    codes: {
      INVALID_ONE_TIME_TOKEN: "Ce lien ou ce code est faux, expiré ou déjà utilisé. Demandez un nouveau message.",
      EMAIL_TAKEN: "Cette adresse appartient désormais à un autre compte.",
      RATE_LIMITED: "Il y a eu trop d’essais. Attendez un peu, puis réessayez.",
      TOO_BUSY: "Le serveur est très occupé. Réessayez dans quelques secondes.",
    },
    other: "Cela n’a pas fonctionné et rien n’a été changé. Réessayez plus tard.",
  },
};
