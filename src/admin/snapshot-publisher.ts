/** Keeps the gateway's picture of the configuration current: rebuilds it after changes, and now and then without one. */
import {
  SNAPSHOT_DELAY_MAX_MS,
  SNAPSHOT_QUIET_MS,
  SNAPSHOT_REFRESH_MS,
  SNAPSHOT_RETRY_MAX_MS,
  SNAPSHOT_RETRY_MIN_MS,
} from '../config/routing-limits.js';
import type { Clock } from '../domain/clock.js';
import type { Bus } from '../live/bus.js';
import type { Logger } from '../observability/logger.js';
import type { Database } from '../persistence/database.js';
import { readSnapshotSource } from '../persistence/snapshot-source.js';
import type { RoutingSnapshot } from '../routing/snapshot.js';
import { buildSnapshot } from './snapshot.js';

export interface SnapshotPublisherDeps {
  readonly database: Database;
  readonly bus: Bus;
  /** Hands a snapshot to the gateways; rejects when that failed. */
  readonly write: (snapshot: RoutingSnapshot) => Promise<void>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Version of the snapshot written last, by whatever process; 0 when there is none. */
  readonly lastVersion?: number;
}

export interface SnapshotPublisher {
  /** The snapshot written last; null before the first. */
  current(): RoutingSnapshot | null;
  /** Rebuilds now; resolves when the gateways have it, rejects when it failed. Later changes are picked up by themselves. */
  publish(): Promise<RoutingSnapshot>;
  /** Stops, and waits for a build under way. */
  close(): Promise<void>;
}

/** Starts listening for changes. A change is never lost: one during a build, or while the database is away, builds again. */
export function createSnapshotPublisher(deps: SnapshotPublisherDeps): SnapshotPublisher {
  const { bus, clock, database, logger, write } = deps;
  let written: RoutingSnapshot | null = null;
  let content = '';
  let version = deps.lastVersion ?? 0;
  let timer: NodeJS.Timeout | null = null;
  /** Monotonic time of the first change that waits; null when none does. */
  let waitingSince: number | null = null;
  let retryMs = SNAPSHOT_RETRY_MIN_MS;
  let building: Promise<RoutingSnapshot> | null = null;
  let closed = false;

  const build = async (): Promise<RoutingSnapshot> => {
    waitingSince = null;
    const builtAt = clock.now();
    const source = await readSnapshotSource(database.prisma, builtAt);
    const snapshot = buildSnapshot(source, { version: Math.max(builtAt, version + 1), builtAt });
    const nextContent = JSON.stringify(snapshot.workspaces);
    if (written !== null && nextContent === content) return written;
    await write(snapshot);
    ({ version } = snapshot);
    content = nextContent;
    written = snapshot;
    return snapshot;
  };

  /** One build at a time; whoever asks during one gets the next. */
  const enqueue = (): Promise<RoutingSnapshot> => {
    const after = building ? building.then(build, build) : build();
    building = after;
    const done = (): void => {
      if (building === after) building = null;
    };
    after.then(done, done);
    return after;
  };

  const schedule = (delayMs: number): void => {
    if (timer) clearTimeout(timer);
    timer = closed ? null : setTimeout(run, delayMs);
  };

  const run = (): void => {
    timer = null;
    enqueue().then(
      () => {
        retryMs = SNAPSHOT_RETRY_MIN_MS;
        if (waitingSince === null && timer === null) schedule(SNAPSHOT_REFRESH_MS);
      },
      (error: unknown) => {
        logger.error(
          { err: error, retryMs },
          'the routing snapshot could not be renewed; the gateways keep the last one',
        );
        if (timer === null) schedule(retryMs);
        retryMs = Math.min(retryMs * 2, SNAPSHOT_RETRY_MAX_MS);
      },
    );
  };

  const unsubscribe = bus.subscribe('config.changed', () => {
    const now = clock.monotonic();
    waitingSince ??= now;
    const latest = waitingSince + SNAPSHOT_DELAY_MAX_MS;
    schedule(Math.max(0, Math.min(SNAPSHOT_QUIET_MS, latest - now)));
  });
  schedule(SNAPSHOT_REFRESH_MS);

  return {
    current: () => written,
    publish: enqueue,
    async close() {
      closed = true;
      unsubscribe();
      if (timer) clearTimeout(timer);
      await building?.catch(() => undefined);
    },
  };
}
