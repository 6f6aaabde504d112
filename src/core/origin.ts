/** Where a call came from, for sessions and audit events. Facts about the connection, never a proof of identity. */
export interface Origin {
  readonly ipAddress: string | null;
  /** At most 512 characters. */
  readonly userAgent: string | null;
  /** Of the request, for the log; absent where there was none. It is not kept. */
  readonly requestId?: string;
}

/** Of what no client caused. */
export const nowhere: Origin = { ipAddress: null, userAgent: null };
