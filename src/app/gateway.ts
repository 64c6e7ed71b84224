/** The gateway process: wires the passthrough to its snapshot and its journal. Nothing here reaches the database. */
import { hostname } from 'node:os';
import { createFallbackCounters } from '../admission/fallback-counters.js';
import { openRedisCounters } from '../admission/redis-counters.js';
import { createRemoteCounters } from '../admission/remote-counters.js';
import { readConfig } from '../config/config.js';
import { JOURNAL_TROUBLE_CHECK_MS } from '../config/usage-limits.js';
import { systemClock } from '../domain/clock.js';
import { createProviderCallBuilder } from '../gateway/provider-call.js';
import { createQuotaHeaders } from '../gateway/quota-headers.js';
import { openRedisAffinities } from '../gateway/redis-affinities.js';
import { openRoutingState } from '../gateway/routing-state.js';
import { startGateway, type Gateway } from '../gateway/server.js';
import { createUpstreamClient } from '../gateway/upstream-client.js';
import { createJournalWriter, type JournalTrouble, type JournalWriter } from '../journal/writer.js';
import { createLogger } from '../observability/logger.js';
import { createCooldownBook } from '../routing/cooldown-book.js';
import { establishIdentity } from './identity.js';
import { GATEWAY_ADDRESS_SETTINGS, listenFailure } from './listeners.js';
import { onOrder, report } from './messages.js';

export async function runGateway(slot: number): Promise<void> {
  const config = readConfig();
  const logger = createLogger({ level: config.logLevel, role: `gateway-${slot}` });
  const clock = systemClock;
  const { vault, snapshotFile, journalDir } = await establishIdentity(config);
  const journal = createJournalWriter({
    directory: journalDir,
    clock,
    logger,
    fsync: config.journal.fsync,
    maxBytes: config.journal.maxBytes,
    writers: config.gateway.workers,
  });
  reportTrouble(journal);
  const cooldowns = createCooldownBook({
    clock,
    name: `${hostname()} ${slot}`,
    onChange: (change) => report({ kind: 'cooldown', change }),
  });
  const state = await openRoutingState({
    file: snapshotFile,
    logger,
    onChange({ version, connections }) {
      // Before the version is said to be in force: whoever forgot a cool-down waits for that.
      cooldowns.restore(connections);
      report({ kind: 'in-force', version });
    },
  });
  const upstream = createUpstreamClient({ allowPrivate: config.allowPrivateUpstreams });
  const calls = createProviderCallBuilder(vault);
  const quotaHeaders = createQuotaHeaders({ clock, report: (reading) => report({ kind: 'quota', reading }) });
  const { redisUrl } = config;
  const sharedAffinities = redisUrl === null ? null : openRedisAffinities({ url: redisUrl, clock, logger });
  const nodeCounters = createRemoteCounters((call) => report({ kind: 'count', call }));
  const redisCounters =
    redisUrl === null
      ? null
      : openRedisCounters({
          url: redisUrl,
          owner: `${hostname()} gateway ${process.pid} ${clock.now()}`,
          logger,
          onUnseeded: (unseeded) => report({ kind: 'unseeded', counters: unseeded }),
        });
  const counters = redisCounters ? createFallbackCounters(redisCounters, nodeCounters, logger) : nodeCounters;
  const deps = {
    state,
    journal,
    upstream,
    calls,
    cooldowns,
    counters,
    clock,
    logger,
    quotaHeaders,
    sharedAffinities,
  };
  const gateway = await listen(() => startGateway(deps, config.gateway));

  let stopping = false;
  const stop = async (): Promise<void> => {
    if (stopping) return;
    stopping = true;
    // The journal closes last: requests that finish while draining still write their end.
    await gateway.drain();
    state.close();
    await upstream.close();
    sharedAffinities?.close();
    await redisCounters?.close();
    journal.close();
    process.exit(0);
  };
  onOrder((order) => {
    if (order.kind === 'snapshot') void state.refresh();
    if (order.kind === 'cooldown') cooldowns.learn(order.change);
    if (order.kind === 'counted') nodeCounters.answered(order.id, order.answer);
    if (order.kind === 'stop') void stop();
  });
  report({ kind: 'ready', port: gateway.port });
}

/** Tells of the journal's trouble whenever there is news. */
function reportTrouble(journal: JournalWriter): void {
  let told = JSON.stringify(troubleOf(journal));
  setInterval(() => {
    const trouble = troubleOf(journal);
    const text = JSON.stringify(trouble);
    if (text !== told) report({ kind: 'journal', trouble });
    told = text;
  }, JOURNAL_TROUBLE_CHECK_MS).unref();
}

function troubleOf(journal: JournalWriter): JournalTrouble {
  const { failing, dropped, full, lostSegments, lostBytes, syncFailures } = journal.stats();
  return { failing, dropped, full, lostSegments, lostBytes, syncFailures };
}

async function listen(start: () => Promise<Gateway>): Promise<Gateway> {
  try {
    return await start();
  } catch (error) {
    throw listenFailure(error, GATEWAY_ADDRESS_SETTINGS);
  }
}
