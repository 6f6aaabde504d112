/** The client of a request, as far as the request tells, for sessions and audit events. Never a proof of identity. */
export interface ClientInfo {
  readonly ipAddress: string | null;
  /** At most 512 characters. */
  readonly userAgent: string | null;
  /** The id of the request, for the log; absent where there was none. It is not kept. */
  readonly requestId?: string;
}

/** The client of what no client has caused. */
export const noClient: ClientInfo = { ipAddress: null, userAgent: null };
