import type { Connection } from "./connection.ts";

export interface PoolGrowth {
  /** Connections that are being opened. */
  opening(): number;
  /** Opens as many as are wanted, as soon as may be. */
  grow(): void;
  stop(): void;
}

export interface PoolGrowthParts {
  open(): Promise<Connection>;
  wanted(): number;
  opened(connection: Connection): void;
  /** None is being opened any more. */
  failed(error: unknown): void;
}

/** After a failure; far less than an outage lasts, and long enough to leave a server alone that comes up. */
const BACK_OFF_MILLISECONDS = 100;

export function createPoolGrowth({ open, wanted, opened, failed }: PoolGrowthParts): PoolGrowth {
  let opening = 0;
  let failedAt = Number.NEGATIVE_INFINITY;
  let backOff: NodeJS.Timeout | undefined;
  let isStopped = false;

  async function openOne(): Promise<void> {
    opening += 1;
    let connection: Connection;
    try {
      connection = await open();
    } catch (error) {
      opening -= 1;
      failedAt = performance.now();
      if (opening === 0) failed(error);
      return;
    }
    opening -= 1;
    opened(connection);
  }

  function grow(): void {
    if (isStopped || backOff !== undefined || wanted() <= opening) return;
    const rest = failedAt + BACK_OFF_MILLISECONDS - performance.now();
    if (rest <= 0) {
      for (let missing = wanted() - opening; missing > 0; missing -= 1) void openOne();
      return;
    }
    backOff = setTimeout(() => {
      backOff = undefined;
      grow();
    }, rest);
  }

  return {
    grow,
    opening: () => opening,
    stop() {
      isStopped = true;
      clearTimeout(backOff);
    },
  };
}
