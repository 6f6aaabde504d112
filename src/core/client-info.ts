/** What a request tells of the client that sent it, for sessions and audit events. Never a proof of identity. */
export interface ClientInfo {
  readonly ipAddress: string | null;
  /** At most 512 characters. */
  readonly userAgent: string | null;
  /** Of the request, for the log; absent where there was none. It is not kept. */
  readonly requestId?: string;
}

/** For what no client has caused. */
export const noClient: ClientInfo = { ipAddress: null, userAgent: null };
