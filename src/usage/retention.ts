/** Makes partitions for the days to come and drops what is past its retention: at start, daily, by any node. */
import {
  PARTITIONS_AHEAD_DAYS,
  PAST_QUOTA_WINDOW_DAYS,
  RETENTION_INTERVAL_MS,
  RETENTION_RETRY_MS,
} from '../config/usage-limits.js';
import type { Clock } from '../domain/clock.js';
import { DAY_MS } from '../domain/time-range.js';
import type { Logger } from '../observability/logger.js';
import { databaseTime } from '../persistence/database-time.js';
import { dropPartitionsBefore, ensurePartitions, listPartitions } from '../persistence/partitions.js';
import { dropPastQuotaWindowsBefore } from '../persistence/past-quota-windows.js';
import type { SqlDatabase } from '../persistence/sql.js';

export interface RetentionOptions {
  readonly database: SqlDatabase;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Single events of the last so many whole days are kept, and those of today. */
  readonly days: number;
  /** What the database takes for now. */
  readonly databaseNow?: () => Promise<number>;
  readonly intervalMs?: number;
  readonly retryMs?: number;
}

export interface Retention {
  /** Why it could not be done lately, for an operator; null while all is well. */
  readonly trouble: string | null;
  /** Does now what is due; rejects when it cannot. */
  run(): Promise<void>;
  close(): Promise<void>;
}

/** Starts with a run at once. */
export function keepRetention(options: RetentionOptions): Retention {
  const { database, clock, logger, days } = options;
  const { intervalMs = RETENTION_INTERVAL_MS, retryMs = RETENTION_RETRY_MS } = options;
  const { databaseNow = () => databaseTime(database) } = options;
  let trouble: string | null = null;
  let timer: NodeJS.Timeout | null = null;
  let running: Promise<void> | null = null;
  let closed = false;

  const makeAhead = async (now: number): Promise<void> => {
    try {
      await ensurePartitions(database, now - DAY_MS, now + PARTITIONS_AHEAD_DAYS * DAY_MS);
    } catch (error) {
      trouble = 'Partitions for the days to come could not be made; without one, usage waits in the journal.';
      throw error;
    }
  };

  const dropPast = async (now: number): Promise<void> => {
    try {
      // A clock that is ahead must not cost anybody's history: the earlier of the two decides.
      const earlier = Math.min(now, await databaseNow());
      await dropPastQuotaWindowsBefore(database, earlier - PAST_QUOTA_WINDOW_DAYS * DAY_MS);
      const before = earlier - days * DAY_MS;
      const past = new Set((await listPartitions(database)).map(({ from }) => from + DAY_MS));
      // Day by day, so that whoever records waits for one of them at most.
      for (const end of [...past].sort((a, b) => a - b)) {
        if (closed || end > before) break;
        const dropped = await dropPartitionsBefore(database, end);
        if (dropped.length > 0) logger.info({ dropped }, 'usage past its retention was dropped');
      }
    } catch (error) {
      trouble = `Usage older than ${days} days could not be dropped.`;
      throw error;
    }
  };

  const once = async (): Promise<void> => {
    const now = clock.now();
    await makeAhead(now);
    await dropPast(now);
    trouble = null;
  };

  const run = (): Promise<void> => {
    running ??= once().finally(() => (running = null));
    return running;
  };
  const schedule = (): void => {
    void run().then(
      () => again(intervalMs),
      (error: unknown) => {
        logger.warn({ err: error }, 'usage retention could not be kept; it is tried again');
        again(retryMs);
      },
    );
  };
  const again = (ms: number): void => {
    if (closed) return;
    timer = setTimeout(schedule, ms);
    timer.unref();
  };
  schedule();

  return {
    get trouble() {
      return trouble;
    },
    run,
    async close() {
      closed = true;
      if (timer) clearTimeout(timer);
      await running?.catch(() => undefined);
    },
  };
}
