/** What happens to usage on this node: recorded from the journal, counted against limits, told of, kept for as long as set. */
import type { Registry } from 'prom-client';
import { watchLimits } from '../admin/alerts/watch-limits.js';
import { deliverWebhooks } from '../admin/webhooks/deliver.js';
import { openRedisCounters } from '../admission/redis-counters.js';
import type { Config } from '../config/config.js';
import type { Clock } from '../domain/clock.js';
import { createJournalReader } from '../journal/reader.js';
import type { Bus } from '../live/bus.js';
import type { Logger } from '../observability/logger.js';
import { addJournalMetrics } from '../observability/journal-metrics.js';
import { createMetrics } from '../observability/metrics.js';
import { recordKeyUse } from '../persistence/access-key-activity.js';
import type { Database } from '../persistence/database.js';
import { commitUsage } from '../persistence/usage.js';
import type { RoutingSnapshot } from '../routing/snapshot.js';
import type { Vault } from '../secrets/vault.js';
import type { HttpGet } from '../upstream/http-get.js';
import { createCooldownKeeper, type CooldownKeeper } from '../usage/cooldown-keeper.js';
import { createCounterSeeds, type CounterSeeds } from '../usage/counter-seeds.js';
import { followErrorRates, type ErrorRates } from '../usage/error-rates.js';
import { followKeyActivity } from '../usage/key-activity.js';
import { createRecorder, type Recorder } from '../usage/recorder.js';
import { keepRetention, type Retention } from '../usage/retention.js';
import { createJournalWatch, type JournalWatch } from './journal-watch.js';
import { report } from './messages.js';

export interface UsageKeepingOptions {
  readonly config: Config;
  readonly journalDir: string;
  readonly database: Database;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly vault: Vault;
  readonly http: HttpGet;
  /** The configuration in force. */
  readonly snapshot: () => RoutingSnapshot | null;
}

export interface UsageKeeping {
  readonly recorder: Recorder;
  readonly journalWatch: JournalWatch;
  readonly cooldowns: CooldownKeeper;
  readonly seeds: CounterSeeds;
  readonly errorRates: ErrorRates;
  readonly retention: Retention;
  readonly metrics: Registry;
  /** Records what is in the journal still, and lets everybody who follows usage finish with it. */
  close(): Promise<void>;
}

/** All listen; nothing is recorded before `recorder.start()`. */
export function keepUsage(options: UsageKeepingOptions): UsageKeeping {
  const { config, journalDir, database, bus, clock, logger, vault, http, snapshot } = options;
  const reader = createJournalReader({
    directory: journalDir,
    clock,
    logger,
    // The embedded database does not fsync: what it lost in a power cut is read again.
    keep: database.kind === 'embedded',
  });
  const recorder = createRecorder({
    reader,
    commit: (events, again) => commitUsage(database, events, again),
    bus,
    clock,
    logger,
  });
  const keyActivity = followKeyActivity({
    bus,
    write: (lastUsed) => recordKeyUse(database, lastUsed),
    logger,
  });
  const cooldowns = createCooldownKeeper({ database, bus, clock, logger });
  const limits = watchLimits({ database, bus, clock, logger });
  const deliveries = deliverWebhooks({ database, bus, clock, logger, vault, http });
  const errorRates = followErrorRates({ bus, clock });
  const metrics = createMetrics(() => recorder.lag());
  const journalWatch = createJournalWatch({
    directory: journalDir,
    maxBytes: config.journal.maxBytes,
    damaged: () => recorder.lag().damaged,
  });
  addJournalMetrics(metrics.registry, journalWatch.figures);
  bus.subscribe('usage.recorded', ({ events }) => metrics.countUsage(events));
  const retention = keepRetention({ database, clock, logger, days: config.usageRetentionDays });
  const redisCounters =
    config.redisUrl === null
      ? null
      : openRedisCounters({ url: config.redisUrl, owner: `control ${process.pid} ${clock.now()}`, logger });
  const seeds = createCounterSeeds({
    sql: database,
    bus,
    clock,
    logger,
    recorder,
    snapshot,
    seed(found) {
      report({ kind: 'seeds', seeds: found });
      redisCounters?.seed(found);
    },
    settle(settlement) {
      report({ kind: 'count', call: { kind: 'settle', settlement } });
      redisCounters?.settle(settlement);
    },
  });

  return {
    recorder,
    journalWatch,
    cooldowns,
    seeds,
    errorRates,
    retention,
    metrics: metrics.registry,
    async close() {
      // First: whoever follows usage hears of what this still records.
      await recorder.stop();
      await seeds.close();
      await redisCounters?.close();
      await limits.close();
      await deliveries.close();
      await keyActivity.close();
      await cooldowns.close();
      errorRates.close();
      await retention.close();
    },
  };
}
