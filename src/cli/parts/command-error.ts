/** What was asked for could not be done, for a reason that the message tells; it is all that is shown. */
export class CommandError extends Error {
  override readonly name = "CommandError";
}
