/** The documents that our own pages send, by the field: always among the trusted documents. */
export const accountPageDocuments = {
  verifyEmail: "mutation VerifyEmail($input: VerifyEmailInput!) { verifyEmail(input: $input) { email } }",
  requestEmailVerification:
    "mutation RequestEmailVerification($input: RequestEmailVerificationInput!) { requestEmailVerification(input: " +
    "$input) { accepted attempt } }",
  requestPasswordReset:
    "mutation RequestPasswordReset($input: RequestPasswordResetInput!) { requestPasswordReset(input: $input) { accepted } }",
  resetPassword: "mutation ResetPassword($input: ResetPasswordInput!) { resetPassword(input: $input) { endedSessions } }",
  confirmEmailChange: "mutation ConfirmEmailChange($input: ConfirmEmailChangeInput!) { confirmEmailChange(input: $input) { email } }",
  undoEmailChange: "mutation UndoEmailChange($input: UndoEmailChangeInput!) { undoEmailChange(input: $input) { email endedSessions } }",
} as const;
