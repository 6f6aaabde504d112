/**
 * An error that a graph behind the gateway answered with. It speaks to the client: the graph is the operator's own, and its message and
 * code pass as they are.
 */
export class UpstreamError extends Error {
  override readonly name = "UpstreamError";
  readonly extensions: Readonly<Record<string, unknown>>;

  constructor(message: string, extensions: Readonly<Record<string, unknown>>) {
    super(message);
    this.extensions = extensions;
  }
}
