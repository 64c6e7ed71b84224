/** The control process: wires administration, discovery, the recorder and the snapshots around the database. */
import 'reflect-metadata';
import { join } from 'node:path';
import { ensureBootstrap } from '../admin/bootstrap.js';
import { watchLimits } from '../admin/alerts/watch-limits.js';
import { openRedisCounters } from '../admission/redis-counters.js';
import { createAdmin } from '../admin/create-admin.js';
import { createIssuerSignIn } from '../admin/issuer/sign-in.js';
import { createSnapshotPublisher } from '../admin/snapshot-publisher.js';
import { followSuggestions } from '../admin/tiers/follow-suggestions.js';
import { deliverWebhooks } from '../admin/webhooks/deliver.js';
import { readConfig, type Config } from '../config/config.js';
import { openCatalog } from '../discovery/catalog/renewed-catalog.js';
import { createDiscovery } from '../discovery/discovery.js';
import { createCredentialProbe } from '../discovery/probe.js';
import { createDiscoverySchedule } from '../discovery/schedule.js';
import { systemClock } from '../domain/clock.js';
import type { HealthCheckValue } from '../graphql/context.js';
import { startAdminServer, type AdminServer } from '../graphql/server.js';
import { createUsageReads } from '../graphql/usage/reads.js';
import { createJournalReader } from '../journal/reader.js';
import { createBus } from '../live/bus.js';
import { createLogger, type Logger } from '../observability/logger.js';
import { addJournalMetrics } from '../observability/journal-metrics.js';
import { createMetrics } from '../observability/metrics.js';
import { openDatabase, type Database } from '../persistence/database.js';
import { recordKeyUse } from '../persistence/access-key-activity.js';
import { sealingKeyIds } from '../persistence/sealed-secrets.js';
import { commitUsage } from '../persistence/usage.js';
import { createQuotaPoller, type QuotaPoller } from '../quota/poller.js';
import type { RoutingSnapshot } from '../routing/snapshot.js';
import type { Vault } from '../secrets/vault.js';
import { createHttpGet } from '../upstream/http-get.js';
import { createCooldownKeeper, type CooldownKeeper } from '../usage/cooldown-keeper.js';
import { createCounterSeeds, type CounterSeeds } from '../usage/counter-seeds.js';
import { followErrorRates } from '../usage/error-rates.js';
import { followKeyActivity } from '../usage/key-activity.js';
import { createRecorder, type Recorder } from '../usage/recorder.js';
import { keepRetention, type Retention } from '../usage/retention.js';
import { commandSocketPath, openCommandChannel } from './commands/channel.js';
import { createOperations } from './commands/operations.js';
import { establishIdentity, wrongKey, type Identity } from './identity.js';
import { createInForce } from './in-force.js';
import { createJournalWatch, type JournalWatch } from './journal-watch.js';
import { ADMIN_ADDRESS_SETTINGS, listenFailure } from './listeners.js';
import { onOrder, report } from './messages.js';
import { joinNodes } from './nodes.js';
import { readVersion } from './version.js';

export async function runControl(): Promise<void> {
  // Nothing is lost by stopping in the middle of a start, and whoever stops it then does not wait.
  let stop = (): Promise<void> => Promise.resolve(process.exit(0));
  const inForce = createInForce();
  let keeper: CooldownKeeper | null = null;
  let poller: QuotaPoller | null = null;
  let journalWatch: JournalWatch | null = null;
  let seeds: CounterSeeds | null = null;
  onOrder((order) => {
    if (order.kind === 'stop') void stop();
    if (order.kind === 'in-force') inForce.reached(order.version);
    if (order.kind === 'cooldown') keeper?.note(order.change);
    if (order.kind === 'quota') poller?.note(order.reading);
    if (order.kind === 'journal') journalWatch?.heard(order.pid, order.trouble);
    if (order.kind === 'unseeded') void seeds?.find(order.counters);
  });
  const given = readConfig();
  const config = withoutAdminToken(given);
  const logger = createLogger({ level: config.logLevel, role: 'control' });
  const clock = systemClock;
  const [{ adminToken, ...identity }, database] = await Promise.all([
    establishIdentity(given),
    openDatabase({ databaseUrl: config.databaseUrl, dataDir: config.dataDir, logger, clock }),
  ]);
  const { vault, journalDir } = identity;
  await requireKeyOfSecrets(database, vault);
  await ensureBootstrap({ database, adminToken, clock });

  const version = readVersion();
  const bus = createBus(logger);
  const http = createHttpGet({
    allowPrivateUpstreams: config.allowPrivateUpstreams,
    userAgent: `switchyard/${version}`,
  });
  const catalog = await openCatalog({
    path: join(config.dataDir, 'catalog.json'),
    http,
    clock,
    logger,
    daily: config.catalogRefresh,
  });
  const { factsFor } = catalog;
  const discovery = createDiscovery({ database, bus, clock, logger, vault, http, factsFor });
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
  keeper = cooldowns;
  const limits = watchLimits({ database, bus, clock, logger });
  const deliveries = deliverWebhooks({ database, bus, clock, logger, vault, http });
  const errorRates = followErrorRates({ bus, clock });
  const metrics = createMetrics(() => recorder.lag());
  const watch = (journalWatch = createJournalWatch({
    directory: journalDir,
    maxBytes: config.journal.maxBytes,
    damaged: () => recorder.lag().damaged,
  }));
  addJournalMetrics(metrics.registry, watch.figures);
  bus.subscribe('usage.recorded', ({ events }) => metrics.countUsage(events));
  const nodes = await joinNodes({
    database,
    databaseUrl: config.databaseUrl,
    redisUrl: config.redisUrl,
    bus,
    clock,
    logger,
    metrics: metrics.registry,
  });
  const retention = keepRetention({ database, clock, logger, days: config.usageRetentionDays });
  const snapshots = createSnapshotPublisher({
    database,
    bus,
    clock,
    logger,
    lastVersion: await lastSnapshotVersion(identity, logger),
    async write(snapshot) {
      await identity.snapshotFile.write(JSON.stringify(snapshot));
      report({ kind: 'snapshot', version: snapshot.version });
    },
  });

  const redisCounters =
    config.redisUrl === null
      ? null
      : openRedisCounters({ url: config.redisUrl, owner: `control ${process.pid} ${clock.now()}`, logger });
  const counterSeeds = createCounterSeeds({
    sql: database,
    bus,
    clock,
    logger,
    recorder,
    snapshot: snapshots.current,
    seed(found) {
      report({ kind: 'seeds', seeds: found });
      redisCounters?.seed(found);
    },
    settle(settlement) {
      report({ kind: 'count', call: { kind: 'settle', settlement } });
      redisCounters?.settle(settlement);
    },
  });
  seeds = counterSeeds;

  const publish = async (): Promise<void> => {
    const { version } = await snapshots.publish();
    if (config.roles.gateway) await inForce.at(version);
  };
  const quota = createQuotaPoller({ database, bus, clock, logger, vault, http });
  poller = quota;
  const configInForce = (): Promise<void> => withoutDelay(publish(), logger);
  const admin = createAdmin({
    database,
    bus,
    clock,
    vault,
    discovery,
    probe: createCredentialProbe({ http, clock }),
    quota,
    configInForce,
    allowPrivateUpstreams: config.allowPrivateUpstreams,
    issuer: config.issuer && createIssuerSignIn({ config: config.issuer, database, http, clock, logger }),
  });

  await snapshots.publish();
  const suggestions = followSuggestions({ database, bus, clock, logger });
  const schedule = createDiscoverySchedule({
    database,
    discovery,
    clock,
    logger,
    intervalMs: config.discoveryIntervalMs,
  });
  recorder.start();
  const server = config.roles.control
    ? await listen(() =>
        startAdminServer({
          ...config.admin,
          admin,
          usage: createUsageReads({ sql: database, bus, clock, errorRates }),
          bus,
          clock,
          logger,
          metrics: metrics.registry,
          version,
          usageRetentionDays: config.usageRetentionDays,
          checks: async () => [
            ...(await checkHealth(database, recorder, watch)),
            checkRetention(retention),
            ...nodes.checks(),
          ],
        }),
      )
    : null;

  const commands = await openCommandChannel({
    path: commandSocketPath(config.dataDir),
    run: createOperations({
      database,
      clock,
      bus,
      vault: () => Promise.resolve(vault),
      configInForce,
    }),
    logger,
  });

  let stopping = false;
  stop = async (): Promise<void> => {
    if (stopping) return;
    stopping = true;
    await commands.close();
    await server?.close();
    await schedule.close();
    await discovery.close();
    await quota.close();
    await suggestions.close();
    await catalog.close();
    await snapshots.close();
    // Last: the gateways have ended by now, and what they wrote at the end is still to be recorded.
    await recorder.stop();
    await counterSeeds.close();
    await redisCounters?.close();
    await limits.close();
    await deliveries.close();
    await keyActivity.close();
    await cooldowns.close();
    errorRates.close();
    await retention.close();
    await nodes.close();
    await http.close();
    await database.close();
    process.exit(0);
  };
  report({ kind: 'ready', port: server?.port ?? null });
}

/** What a change waits for to be in force; one that cannot be published now is published later, and is no failure. */
async function withoutDelay(publishing: Promise<unknown>, logger: Logger): Promise<void> {
  const patience = new Promise<void>((resolve) => setTimeout(resolve, PUBLISH_PATIENCE_MS).unref());
  const published = publishing.then(
    () => undefined,
    (error: unknown) => logger.warn({ err: error }, 'a change is not in force yet'),
  );
  await Promise.race([published, patience]);
}

/** Longer than a snapshot takes, shorter than an operator's patience. */
const PUBLISH_PATIENCE_MS = 1_000;

/** Secrets that the keys at hand cannot open would fail one by one, and late; better all at once, at the start. */
async function requireKeyOfSecrets(database: Database, vault: Vault): Promise<void> {
  const used = await sealingKeyIds(database.prisma);
  if (used.some((keyId) => !vault.knows(keyId))) throw wrongKey('the secrets in the database');
}

/** What is kept for good: the token is needed once, and its hash is in the database. */
function withoutAdminToken(config: Config): Config {
  return { ...config, admin: { ...config.admin, token: null } };
}

async function lastSnapshotVersion(
  { snapshotFile }: Pick<Identity, 'snapshotFile'>,
  logger: Logger,
): Promise<number> {
  try {
    const text = await snapshotFile.read();
    return text === null ? 0 : (JSON.parse(text) as RoutingSnapshot).version;
  } catch (error) {
    // It is about to be written anew; its version only has to lie below that of the next.
    logger.warn({ err: error }, 'the last routing snapshot could not be read');
    return 0;
  }
}

async function listen(start: () => Promise<AdminServer>): Promise<AdminServer> {
  try {
    return await start();
  } catch (error) {
    throw listenFailure(error, ADMIN_ADDRESS_SETTINGS);
  }
}

async function checkHealth(
  database: Database,
  recorder: Recorder,
  journal: JournalWatch,
): Promise<readonly HealthCheckValue[]> {
  return [await checkDatabase(database), checkRecorder(recorder), await journal.check()];
}

async function checkDatabase(database: Database): Promise<HealthCheckValue> {
  const startedAt = systemClock.monotonic();
  const latency = (): number => Math.round(systemClock.monotonic() - startedAt);
  try {
    await database.ping();
    return { name: 'database', state: 'HEALTHY', latencyMs: latency(), message: null };
  } catch {
    const message = 'The database does not answer. Requests are still served; usage is kept in the journal.';
    return { name: 'database', state: 'UNHEALTHY', latencyMs: latency(), message };
  }
}

/** Seconds behind at which subscribers notice. */
const RECORDER_LAG_DEGRADED_SECONDS = 5;

function checkRecorder(recorder: Recorder): HealthCheckValue {
  const { records, seconds, failing, refused } = recorder.lag();
  const behind = failing || seconds > RECORDER_LAG_DEGRADED_SECONDS;
  const message = behind
    ? `${records} records behind by ${Math.round(seconds)} s.`
    : refused > 0
      ? `${refused} refused events since the start; see the log.`
      : null;
  return { name: 'usage-writer', state: message === null ? 'HEALTHY' : 'DEGRADED', latencyMs: null, message };
}

function checkRetention({ trouble }: Retention): HealthCheckValue {
  return {
    name: 'usage-retention',
    state: trouble === null ? 'HEALTHY' : 'DEGRADED',
    latencyMs: null,
    message: trouble,
  };
}
