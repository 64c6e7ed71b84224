/** The control process: wires administration, discovery, usage and the snapshots around the database. */
import 'reflect-metadata';
import { join } from 'node:path';
import { ensureBootstrap } from '../admin/bootstrap.js';
import { createAdmin } from '../admin/create-admin.js';
import { createIssuerSignIn } from '../admin/issuer/sign-in.js';
import { followSuggestions } from '../admin/tiers/follow-suggestions.js';
import { readConfig, type Config } from '../config/config.js';
import { openCatalog } from '../discovery/catalog/renewed-catalog.js';
import { createDiscovery } from '../discovery/discovery.js';
import { createCredentialProbe } from '../discovery/probe.js';
import { createDiscoverySchedule } from '../discovery/schedule.js';
import { systemClock } from '../domain/clock.js';
import { startAdminServer, type AdminServer } from '../graphql/server.js';
import { createUsageReads } from '../graphql/usage/reads.js';
import { createBus } from '../live/bus.js';
import { createLogger } from '../observability/logger.js';
import { openDatabase, type Database } from '../persistence/database.js';
import { sealingKeyIds } from '../persistence/sealed-secrets.js';
import { createQuotaPoller, type QuotaPoller } from '../quota/poller.js';
import type { Vault } from '../secrets/vault.js';
import { createHttpGet } from '../upstream/http-get.js';
import { commandSocketPath, openCommandChannel } from './commands/channel.js';
import { createOperations } from './commands/operations.js';
import { checkHealth } from './health-checks.js';
import { establishIdentity, wrongKey } from './identity.js';
import { createInForce } from './in-force.js';
import { ADMIN_ADDRESS_SETTINGS, listenFailure } from './listeners.js';
import { onOrder, report } from './messages.js';
import { joinNodes } from './nodes.js';
import { startPublishing } from './publishing.js';
import { keepUsage, type UsageKeeping } from './usage-keeping.js';
import { readVersion } from './version.js';

export async function runControl(): Promise<void> {
  // Nothing is lost by stopping in the middle of a start, and whoever stops it then does not wait.
  let stop = (): Promise<void> => Promise.resolve(process.exit(0));
  const inForce = createInForce();
  let usage: UsageKeeping | null = null;
  let quota: QuotaPoller | null = null;
  onOrder((order) => {
    if (order.kind === 'stop') void stop();
    if (order.kind === 'in-force') inForce.reached(order.version);
    if (order.kind === 'cooldown') usage?.cooldowns.note(order.change);
    if (order.kind === 'journal') usage?.journalWatch.heard(order.pid, order.trouble);
    if (order.kind === 'unseeded') void usage?.seeds.find(order.counters);
    if (order.kind === 'quota') quota?.note(order.reading);
  });
  const given = readConfig();
  const config = withoutAdminToken(given);
  const logger = createLogger({ level: config.logLevel, role: 'control' });
  const clock = systemClock;
  const [{ adminToken, ...identity }, database] = await Promise.all([
    establishIdentity(given),
    openDatabase({ databaseUrl: config.databaseUrl, dataDir: config.dataDir, logger, clock }),
  ]);
  const { vault, snapshotFile, journalDir } = identity;
  await requireKeyOfSecrets(database, vault);
  await ensureBootstrap({ database, adminToken, clock });

  const version = readVersion();
  const bus = createBus(logger);
  const { allowPrivateUpstreams } = config;
  const http = createHttpGet({ allowPrivateUpstreams, userAgent: `switchyard/${version}` });
  const shared = { database, bus, clock, logger, vault, http };
  const publishing = await startPublishing({
    ...shared,
    snapshotFile,
    inForce: config.roles.gateway ? inForce : null,
  });
  const { configInForce } = publishing;
  const kept = (usage = keepUsage({ ...shared, config, journalDir, snapshot: publishing.current }));
  const nodes = await joinNodes({ ...shared, ...config, metrics: kept.metrics });
  const catalog = await openCatalog({
    path: join(config.dataDir, 'catalog.json'),
    http,
    clock,
    logger,
    daily: config.catalogRefresh,
  });
  const discovery = createDiscovery({ ...shared, factsFor: catalog.factsFor });
  const poller = (quota = createQuotaPoller(shared));
  const admin = createAdmin({
    ...shared,
    discovery,
    probe: createCredentialProbe({ http, clock }),
    quota: poller,
    configInForce,
    allowPrivateUpstreams,
    issuer: config.issuer && createIssuerSignIn({ ...shared, config: config.issuer }),
  });

  await publishing.publish();
  const suggestions = followSuggestions(shared);
  const schedule = createDiscoverySchedule({ ...shared, discovery, intervalMs: config.discoveryIntervalMs });
  kept.recorder.start();
  const server = config.roles.control
    ? await listen(() =>
        startAdminServer({
          ...config.admin,
          ...shared,
          admin,
          usage: createUsageReads({ sql: database, bus, clock, errorRates: kept.errorRates }),
          metrics: kept.metrics,
          version,
          usageRetentionDays: config.usageRetentionDays,
          checks: () => checkHealth({ ...kept, database, clock, nodes }),
        }),
      )
    : null;
  const commands = await openCommandChannel({
    path: commandSocketPath(config.dataDir),
    run: createOperations({ ...shared, vault: () => Promise.resolve(vault), configInForce }),
    logger,
  });

  let stopping = false;
  stop = async (): Promise<void> => {
    if (stopping) return;
    stopping = true;
    // Whoever asks for something first, then what works for them.
    await commands.close();
    await server?.close();
    await schedule.close();
    await discovery.close();
    await poller.close();
    await suggestions.close();
    await catalog.close();
    await publishing.close();
    // The gateways have ended by now, and what they wrote at the end is still to be recorded.
    await kept.close();
    await nodes.close();
    await http.close();
    await database.close();
    process.exit(0);
  };
  report({ kind: 'ready', port: server?.port ?? null });
}

/** Secrets that the keys at hand cannot open would fail one by one, and late; better all at once, at the start. */
async function requireKeyOfSecrets(database: Database, vault: Vault): Promise<void> {
  const used = await sealingKeyIds(database.prisma);
  if (used.some((keyId) => !vault.knows(keyId))) throw wrongKey('the secrets in the database');
}

/** What is kept for good: the token is needed once, and its hash is in the database. */
function withoutAdminToken(config: Config): Config {
  return { ...config, admin: { ...config.admin, token: null } };
}

async function listen(start: () => Promise<AdminServer>): Promise<AdminServer> {
  try {
    return await start();
  } catch (error) {
    throw listenFailure(error, ADMIN_ADDRESS_SETTINGS);
  }
}
