/** Joins this node to the others on the same database: what happens on one is heard on all. */
import type { Registry } from 'prom-client';
import { RECALLED_RUNS_MAX } from '../config/limits.js';
import { USAGE_ARRIVALS_POLL_DEGRADED_MS, USAGE_ARRIVALS_POLL_MS } from '../config/usage-limits.js';
import type { Clock } from '../domain/clock.js';
import type { HealthCheckValue } from '../graphql/context.js';
import type { Bus } from '../live/bus.js';
import { openRedisSignals } from '../live/redis-signals.js';
import { createRelay, type RelayedMessage } from '../live/relay.js';
import type { OpenSignals } from '../live/signals.js';
import type { Logger } from '../observability/logger.js';
import { measureSignals } from '../observability/signal-metrics.js';
import type { Database } from '../persistence/database.js';
import { findLiveSubjects } from '../persistence/live-subjects.js';
import { openPostgresSignals } from '../persistence/postgres-signals.js';
import { listWorkspaceIds } from '../persistence/workspaces.js';
import { followAllUsage, followOwnUsage } from '../usage/arrivals.js';

export interface Nodes {
  /** One for Redis where it is configured; Postgres has its own. */
  checks(): readonly HealthCheckValue[];
  close(): Promise<void>;
}

export interface JoinOptions {
  readonly database: Database;
  /** Null with the embedded database, which has one process. */
  readonly databaseUrl: string | null;
  readonly redisUrl: string | null;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Registry;
}

export async function joinNodes(options: JoinOptions): Promise<Nodes> {
  const { database, databaseUrl, redisUrl, bus, clock, logger, metrics } = options;
  if (databaseUrl === null) {
    const leave = followOwnUsage(bus);
    return { checks: () => [], close: () => Promise.resolve(leave()) };
  }
  const arrivals = await followAllUsage({ database, bus, logger });
  const ways: OpenSignals[] = [
    (listener) => openPostgresSignals({ databaseUrl, sql: database, listener, logger }),
  ];
  if (redisUrl !== null) {
    // Ids are unique, so that two installations on one Redis never hear each other.
    const [oldest = ''] = await listWorkspaceIds(database.prisma);
    const channel = `switchyard:${oldest}`;
    ways.unshift((listener) => openRedisSignals({ url: redisUrl, channel, listener, logger }));
  }
  const relay = createRelay({
    bus,
    logger,
    ways,
    usageReached: arrivals.reached,
    async recall() {
      await arrivals.look();
      return messagesAbout(await findLiveSubjects(database.prisma, RECALLED_RUNS_MAX));
    },
  });
  measureSignals(metrics, relay.ways);

  // While one way is away, others may still speak through it.
  let recalledAt = clock.monotonic();
  const polls = setInterval(() => {
    if (relay.ways.every(({ connected }) => connected)) return;
    void arrivals.look();
    if (clock.monotonic() - recalledAt < USAGE_ARRIVALS_POLL_MS) return;
    recalledAt = clock.monotonic();
    relay.catchUp();
  }, USAGE_ARRIVALS_POLL_DEGRADED_MS);
  polls.unref();

  return {
    checks: () =>
      relay.ways.filter(({ name }) => name === 'redis').map(({ connected }) => checkRedis(connected)),
    async close() {
      clearInterval(polls);
      await relay.close();
      await arrivals.close();
    },
  };
}

function messagesAbout(subjects: Awaited<ReturnType<typeof findLiveSubjects>>): RelayedMessage[] {
  const { workspaceIds, connections, runs } = subjects;
  return [
    ...workspaceIds.map((workspaceId) => ({ topic: 'config.changed', message: { workspaceId } }) as const),
    ...connections.flatMap((message) => [
      { topic: 'connection.health', message } as const,
      { topic: 'quota.changed', message } as const,
    ]),
    ...runs.map((run) => ({ topic: 'discovery.progress', message: { ...run, resultId: null } }) as const),
  ];
}

function checkRedis(connected: boolean): HealthCheckValue {
  return {
    name: 'redis',
    state: connected ? 'HEALTHY' : 'DEGRADED',
    latencyMs: null,
    message: connected ? null : 'Redis does not answer. Nodes hear of each other through Postgres, later.',
  };
}
