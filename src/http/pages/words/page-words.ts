/** The words of the account pages in one language. `{{service}}` stands for the name of the service. */
export interface PageWords {
  readonly noScript: string;
  /** A link without its token. */
  readonly incomplete: string;
  /** After success, where it is known where the application is. */
  readonly goOn: string;
  /** After success, where it is not known. */
  readonly goBack: string;
  readonly verifyTitle: string;
  readonly verifyText: string;
  readonly verifyButton: string;
  readonly verifyDone: string;
  readonly resendTitle: string;
  readonly resendButton: string;
  readonly resendDone: string;
  readonly codeText: string;
  readonly code: string;
  readonly email: string;
  readonly resetTitle: string;
  readonly newPassword: string;
  readonly passwordRule: string;
  readonly resetButton: string;
  readonly resetDone: string;
  readonly isLinkOld: string;
  readonly forgottenTitle: string;
  readonly forgottenText: string;
  readonly forgottenButton: string;
  readonly forgottenDone: string;
  readonly forgottenLink: string;
  readonly changeTitle: string;
  readonly changeText: string;
  readonly changeButton: string;
  readonly changeDone: string;
  readonly undoTitle: string;
  readonly undoText: string;
  readonly undoButton: string;
  readonly undoDone: string;
  readonly problems: PageProblems;
}

/** The words for what went wrong. */
export interface PageProblems {
  /** There was no answer. */
  readonly unreachable: string;
  /** The words by the server's own sentence about a field. They say only what is wrong, since the page has the rule beside it. */
  readonly sentences: Readonly<Record<string, string>>;
  /** The words by the name of a field. Absent: the server's own sentence, which is English. */
  readonly fields: Readonly<Record<string, string>>;
  /** The words by the code of an error. Absent: `other`, else the server's own sentence. */
  readonly codes: Readonly<Record<string, string>>;
  readonly other?: string;
}
