/**
 * Brings the usage that any node committed to this node's subscribers: each event once, in commit order. Word of a commit
 * only says how far usage has got; the events are read from the database, once for all subscribers.
 */
import { RECONNECT_BACK_OFF } from '../config/limits.js';
import { USAGE_ARRIVALS_PAGE, USAGE_ARRIVALS_POLL_MS } from '../config/usage-limits.js';
import { backOffMs } from '../domain/back-off.js';
import type { StoredUsageEvent } from '../domain/usage.js';
import type { Bus } from '../live/bus.js';
import type { Logger } from '../observability/logger.js';
import type { SqlDatabase } from '../persistence/sql.js';
import { committedUsageSeq, usageEventsBetween } from '../persistence/usage-arrivals.js';
import { groupByWorkspace } from './by-workspace.js';

export interface UsageArrivals {
  /** Usage is committed up to this place, by whichever node. */
  reached(seq: number): void;
  /** Asks the database how far usage has got, for when word of it may have been missed. */
  look(): Promise<void>;
  close(): Promise<void>;
}

/** With one process on the database, what it commits is all that arrives. */
export function followOwnUsage(bus: Bus): () => void {
  return bus.subscribe('usage.recorded', (message) => bus.publish('usage.arrived', message));
}

export interface UsageArrivalsOptions {
  readonly database: SqlDatabase;
  readonly bus: Bus;
  readonly logger: Logger;
  /** Tests look more often. */
  readonly pollMs?: number;
  readonly pageSize?: number;
}

/** Starts at what is committed now. */
export async function followAllUsage(options: UsageArrivalsOptions): Promise<UsageArrivals> {
  const { database, bus, logger, pollMs = USAGE_ARRIVALS_POLL_MS, pageSize = USAGE_ARRIVALS_PAGE } = options;
  /** Subscribers have heard of everything up to here. */
  let delivered = await committedUsageSeq(database);
  /** Everything up to here is committed and visible, as far as this node knows. */
  let committed = delivered;
  let reading: Promise<void> | null = null;
  let failures = 0;
  let retry: NodeJS.Timeout | null = null;
  let closed = false;

  const deliver = (events: readonly StoredUsageEvent[]): void => {
    for (const [workspaceId, own] of groupByWorkspace(events)) {
      bus.publish('usage.arrived', { workspaceId, events: own });
    }
  };

  const readOn = async (): Promise<void> => {
    while (!closed && delivered < committed) {
      // Whoever subscribes from here on is owed only what is committed later, so that nothing past this is read for now.
      const upTo = committed;
      const workspaces = bus.workspaces('usage.arrived');
      const page =
        workspaces.length === 0
          ? []
          : await usageEventsBetween(database, workspaces, { after: delivered, upTo }, pageSize);
      const last = page.at(-1);
      delivered = last !== undefined && page.length === pageSize ? last.seq : upTo;
      if (!closed) deliver(page);
    }
  };

  const advance = (): void => {
    if (reading || retry || closed || delivered >= committed) return;
    reading = readOn().then(
      () => {
        reading = null;
        failures = 0;
        advance();
      },
      (error: unknown) => {
        reading = null;
        if (failures === 0)
          logger.warn({ err: error }, 'recorded usage cannot be read for subscribers; they wait');
        const again = (): void => {
          retry = null;
          advance();
        };
        retry = setTimeout(again, backOffMs(++failures, RECONNECT_BACK_OFF));
      },
    );
  };

  const reached = (seq: number): void => {
    if (seq <= committed) return;
    committed = seq;
    // With nobody to tell, there is nothing to read.
    if (bus.listeners('usage.arrived') === 0 && !reading) delivered = committed;
    advance();
  };

  let looking: Promise<void> | null = null;
  const look = (): Promise<void> => {
    looking ??= committedUsageSeq(database)
      .then(reached, (error: unknown) => logger.debug({ err: error }, 'recorded usage cannot be looked for'))
      .finally(() => (looking = null));
    return looking;
  };

  const leave = bus.subscribe('usage.recorded', ({ events }) => reached(events.at(-1)?.seq ?? 0));
  const polls = setInterval(() => void look(), pollMs);
  polls.unref();
  return {
    reached,
    look,
    async close() {
      closed = true;
      leave();
      clearInterval(polls);
      if (retry) clearTimeout(retry);
      await looking;
      await reading;
    },
  };
}
