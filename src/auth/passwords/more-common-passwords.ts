/**
 * What the dictionary lacks because it holds ASCII alone, or because a password became famous as advice; and the words that most bad
 * passwords are made of, in the languages of our pages and in Russian. In lower case. None of them is a word of Diceware, so that four of
 * those are always enough.
 */
export const moreCommonPasswords: readonly string[] = [
  // Advice that everybody has read (xkcd 936).
  ...["correcthorsebatterystaple", "correct horse battery staple", "correct-horse-battery-staple"],
  ...["admin", "login", "welcome", "letmein", "changeme", "iloveyou"],
  ...["passwort", "kennwort", "willkommen", "geheim", "hallo", "ichliebedich"],
  ...["motdepasse", "mot de passe", "bienvenue", "bonjour", "jetaime", "azerty"],
  ...["contraseña", "bienvenido", "bienvenida", "secreto", "teamo", "tequiero"],
  ...["пароль", "привет", "любовь", "секрет", "админ"],
];
