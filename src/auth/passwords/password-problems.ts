/** What a new password is refused for, as sentences for the person who typed it. */
export const passwordProblems = {
  tooShort: "Is too short: use at least 8 characters; 15 or more, such as a few unrelated words, are better.",
  common: "Is on the list of common passwords that attackers try first; choose one that nobody else would.",
  pattern:
    "Is made of what attackers try first: a repetition, a walk over the keyboard, counting, or a common word with " +
    "little else; choose one that nobody else would.",
  ownAddress: "Is your e-mail address or a part of it; choose something that others cannot guess.",
} as const;
