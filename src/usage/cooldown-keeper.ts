/**
 * Keeps what the gateways find out about connections: stores their cool-downs, and what those and successful requests say
 * about health. In batches beside the traffic; while the database is away the latest word on each scope waits.
 */
import {
  COOLDOWNS_REMEMBERED_MAX,
  COOLDOWN_END_KEPT_MS,
  COOLDOWN_PUBLISHED_MIN_MS,
  COOLDOWN_RETRY_MAX_MS,
  COOLDOWN_RETRY_MIN_MS,
  COOLDOWN_ROWS_KEPT_MS,
  COOLDOWN_SWEEP_MS,
  COOLDOWN_WRITE_DELAY_MS,
} from '../config/routing-limits.js';
import { healthStateAfterTraffic } from '../discovery/health.js';
import type { Clock } from '../domain/clock.js';
import { keyOfChange, timeOfChange, type CooldownChange } from '../domain/cooldown.js';
import type { Bus } from '../live/bus.js';
import type { Logger } from '../observability/logger.js';
import {
  expireCooldowns,
  recordCooldowns,
  recordSuccesses,
  type TouchedConnection,
} from '../persistence/cooldowns.js';
import type { SqlDatabase } from '../persistence/sql.js';

export interface CooldownKeeperOptions {
  readonly database: SqlDatabase;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly sweepMs?: number;
}

export interface CooldownKeeper {
  /** A gateway's change. Returns at once. */
  note(change: CooldownChange): void;
  /** Writes what waits, once more, and ends. */
  close(): Promise<void>;
}

export function createCooldownKeeper(options: CooldownKeeperOptions): CooldownKeeper {
  const { database, bus, clock, logger, sweepMs = COOLDOWN_SWEEP_MS } = options;
  /** The latest change of each scope that is not stored yet; those that wait longest come first. */
  let pending = new Map<string, CooldownChange>();
  /** When the last request was sent through a connection that was answered. */
  let successes = new Map<string, number>();
  let timer: NodeJS.Timeout | null = null;
  let retryMs = COOLDOWN_RETRY_MIN_MS;
  let working: Promise<void> = Promise.resolve();
  let closed = false;

  const add = (change: CooldownChange): void => {
    const key = keyOfChange(change);
    const waiting = pending.get(key);
    if (waiting && timeOfChange(waiting) > timeOfChange(change)) return;
    pending.delete(key);
    pending.set(key, change);
    const [oldest] = pending.keys();
    if (pending.size > COOLDOWNS_REMEMBERED_MAX && oldest !== undefined) pending.delete(oldest);
  };
  const schedule = (delayMs: number): void => {
    if (!closed) timer ??= setTimeout(flush, delayMs);
  };
  const tellHealth = (touched: readonly TouchedConnection[]): void => {
    const byId = new Map(touched.map((connection) => [connection.connectionId, connection]));
    for (const { connectionId, workspaceId } of byId.values()) {
      bus.publish('connection.health', { connectionId, workspaceId });
    }
  };

  const store = async (): Promise<void> => {
    const now = clock.now();
    const batch = pending;
    pending = new Map();
    const began = [];
    const ended = [];
    for (const change of batch.values()) {
      if (change.kind === 'ended') {
        if (change.at > now - COOLDOWN_END_KEPT_MS) ended.push(change);
      } else if (change.cooldown.until > now) {
        began.push({ ...change, state: healthStateAfterTraffic(change.cooldown.class) });
      }
    }
    if (began.length + ended.length === 0) return;
    try {
      const { changed, health } = await recordCooldowns(database, began, ended);
      retryMs = COOLDOWN_RETRY_MIN_MS;
      tellHealth([...changed, ...health]);
      const lasting = changed.filter(({ until }) => until >= now + COOLDOWN_PUBLISHED_MIN_MS);
      for (const workspaceId of new Set(lasting.map((row) => row.workspaceId))) {
        bus.publish('config.changed', { workspaceId });
      }
    } catch (error) {
      if (retryMs === COOLDOWN_RETRY_MIN_MS) logger.warn({ err: error }, 'cool-downs are not stored yet');
      const newer = pending;
      pending = batch;
      for (const change of newer.values()) add(change);
      schedule(retryMs);
      retryMs = Math.min(retryMs * 2, COOLDOWN_RETRY_MAX_MS);
    }
  };
  const flush = (): void => {
    timer = null;
    working = working.then(store);
  };

  const sweep = async (): Promise<void> => {
    const batch = successes;
    successes = new Map();
    try {
      const now = clock.now();
      if (batch.size > 0) tellHealth(await recordSuccesses(database, batch));
      tellHealth(await expireCooldowns(database, now, now - COOLDOWN_ROWS_KEPT_MS));
    } catch (error) {
      // The next success says the same again, and what is over stays over.
      logger.debug({ err: error }, 'the health of connections was not renewed');
    }
  };
  const sweeping = setInterval(() => {
    working = working.then(sweep);
  }, sweepMs);
  sweeping.unref();
  const unsubscribe = bus.subscribe('attempts.recorded', ({ attempts }) => {
    for (const { connectionId, failure, sentAt } of attempts) {
      if (failure !== null) continue;
      successes.set(connectionId, Math.max(sentAt, successes.get(connectionId) ?? 0));
    }
  });

  return {
    note(change) {
      add(change);
      schedule(COOLDOWN_WRITE_DELAY_MS);
    },
    async close() {
      closed = true;
      unsubscribe();
      clearInterval(sweeping);
      if (timer) clearTimeout(timer);
      flush();
      await working;
    },
  };
}
