/**
 * Carries usage from the journal to the database: in order, at full speed while there is a backlog, and with patience
 * while the database is away. Subscribers hear of events only once they are committed.
 *
 * A batch is what the journal holds when its turn comes: a few requests while little happens, so that they are seen at
 * once, and thousands behind a backlog. The next batch is read while the database is busy with the one before.
 *
 * A request whose gateway died is closed as interrupted as soon as the next look at the journal, {@link JOURNAL_POLL_MS}
 * later at most, finds the gateway gone and everything it wrote read; a recorder that starts later finds it then.
 */
import {
  JOURNAL_POLL_MS,
  RECORDER_BACK_OFF,
  RECORDER_BATCH_MAX_EVENTS,
  RECORDER_READ_MAX_EVENTS,
} from '../config/usage-limits.js';
import { backOffMs } from '../domain/back-off.js';
import type { Clock } from '../domain/clock.js';
import type { StoredUsageEvent, UsageEvent } from '../domain/usage.js';
import type { ClosedRequest, JournalBatch, JournalReader } from '../journal/reader.js';
import type { Bus } from '../live/bus.js';
import type { Logger } from '../observability/logger.js';
import { groupByWorkspace } from './by-workspace.js';
import { usageEventOf } from './price.js';

export interface RecorderOptions {
  readonly reader: JournalReader;
  /**
   * Writes a batch in one transaction and returns what was new, in order. Must be idempotent. With `again`, an earlier
   * attempt may have gone through although its answer was lost, and what is there already is returned as well.
   */
  readonly commit: (events: readonly UsageEvent[], again: boolean) => Promise<readonly StoredUsageEvent[]>;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface RecorderLag {
  /** Records that are not in the database yet; those not read yet are estimated. */
  readonly records: number;
  /** Age of the oldest request that waits for its commit. */
  readonly seconds: number;
  /** Whether the journal cannot be read, or the last commit failed. */
  readonly failing: boolean;
  /** Events that the database refused for what is in them, since start; the log has each. */
  readonly refused: number;
  /** Places of the journal that could not be read, since start. */
  readonly damaged: number;
}

export interface Recorder {
  start(): void;
  /** Commits what is in the journal now, unless the database is away, and ends; nothing runs afterwards. */
  stop(): Promise<void>;
  lag(): RecorderLag;
}

export function createRecorder({ reader, commit, bus, clock, logger }: RecorderOptions): Recorder {
  let running: Promise<void> | null = null;
  let stopping = false;
  let failures = 0;
  let refused = 0;
  let unreadable = false;
  let endPause: (() => void) | null = null;

  const pause = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(() => endPause?.(), ms);
      endPause = () => {
        clearTimeout(timer);
        endPause = null;
        resolve();
      };
      if (stopping) endPause();
    });

  const publish = (events: readonly StoredUsageEvent[]): void => {
    for (const [workspaceId, own] of groupByWorkspace(events)) {
      bus.publish('usage.recorded', { workspaceId, events: own });
    }
  };
  const publishAttempts = (events: readonly UsageEvent[]): void => {
    for (const { workspaceId, startedAt, occurredAt, attempts } of events) {
      const calls = attempts.map(({ connectionId, failure }) => ({
        connectionId,
        failure: failure?.class ?? null,
        sentAt: startedAt,
        endedAt: occurredAt,
      }));
      if (calls.length > 0) bus.publish('attempts.recorded', { workspaceId, attempts: calls });
    }
  };

  /** Commits all of `events`, and when one of them is at fault all but that one. */
  const settle = async (
    events: readonly UsageEvent[],
    again: boolean,
    published: Set<string>,
  ): Promise<void> => {
    try {
      const fresh = (await commit(events, again)).filter(({ id }) => !published.has(id));
      for (const { id } of fresh) published.add(id);
      publish(fresh);
      const ids = new Set(fresh.map(({ id }) => id));
      publishAttempts(events.filter(({ id }) => ids.has(id)));
    } catch (error) {
      if (!isRefusal(error)) throw error;
      const [first] = events;
      if (first && events.length === 1) {
        refused++;
        logger.error(
          { err: error, event: printable(first) },
          'the database refuses a usage event; it is left out',
        );
        return;
      }
      const half = Math.ceil(events.length / 2);
      await settle(events.slice(0, half), again, published);
      await settle(events.slice(half), again, published);
    }
  };

  /** False when the database is away and the recorder is to stop: then the journal keeps the batch. */
  const record = async (batch: Batch): Promise<boolean> => {
    const published = new Set<string>();
    for (;;) {
      try {
        await settle(batch.events, failures > 0, published);
        reader.committed(batch.read);
        if (failures > 0) logger.info({ failures }, 'usage is recorded again');
        failures = 0;
        return true;
      } catch (error) {
        if (failures === 0) logger.error({ err: error }, 'usage cannot be recorded; it waits in the journal');
        failures++;
        if (stopping) return false;
        await pause(backOffMs(failures, RECORDER_BACK_OFF));
      }
    }
  };

  /** What the journal holds now, up to the size of a batch. */
  const readBatch = async (): Promise<Batch> => {
    const requests: ClosedRequest[] = [];
    const events: UsageEvent[] = [];
    for (;;) {
      const part = poll();
      requests.push(...part.requests);
      events.push(...part.requests.map(usageEventOf));
      const full = events.length + RECORDER_READ_MAX_EVENTS > RECORDER_BATCH_MAX_EVENTS;
      if (!part.more || full) return { read: { requests, more: part.more }, events };
      // A turn of the event loop between reads, so that catching up delays nobody for long.
      await new Promise((resolve) => setImmediate(resolve));
    }
  };

  const poll = (): JournalBatch => {
    try {
      const batch = reader.poll(RECORDER_READ_MAX_EVENTS);
      unreadable = false;
      return batch;
    } catch (error) {
      if (!unreadable) logger.error({ err: error }, 'the usage journal cannot be read');
      unreadable = true;
      return { requests: [], more: false };
    }
  };

  const run = async (): Promise<void> => {
    let lastRound = stopping;
    let batch = await readBatch();
    for (;;) {
      if (batch.events.length === 0) {
        if (lastRound) return;
        await pause(JOURNAL_POLL_MS);
      } else if (batch.read.more) {
        const [recorded, next] = await Promise.all([record(batch), readBatch()]);
        if (!recorded) return;
        batch = next;
        continue;
      } else if (!(await record(batch)) || lastRound) return;
      // Whoever asks to stop has everything recorded that was written until then: one more look, and it was the last.
      lastRound = stopping;
      batch = await readBatch();
    }
  };

  return {
    start() {
      running ??= run();
    },
    async stop() {
      stopping = true;
      endPause?.();
      await running;
      reader.close();
    },
    lag() {
      const { records, oldestAt, damaged } = reader.lag();
      const seconds = oldestAt === null ? 0 : Math.max(clock.now() - oldestAt, 0) / 1_000;
      return { records, seconds, failing: failures > 0 || unreadable, refused, damaged };
    },
  };
}

interface Batch {
  readonly read: JournalBatch;
  readonly events: readonly UsageEvent[];
}

/** Whether Postgres refuses the data itself (SQLSTATE classes 22 and 23), so that sending it again cannot help. */
function isRefusal(error: unknown): boolean {
  return (
    error instanceof Error &&
    'code' in error &&
    typeof error.code === 'string' &&
    /^2[23]...$/.test(error.code)
  );
}

/** With money as text, which JSON can hold. */
function printable(event: UsageEvent): unknown {
  return JSON.parse(
    JSON.stringify(event, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value)),
  );
}
