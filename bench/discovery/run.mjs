/**
 * A discovery of over 2,000 models over 30 connections, one of them to a provider that accepts the call and never answers:
 * how long the living ones take, how long the whole run takes, and what memory it takes beyond that before it.
 *
 * Options: --connections N (30), --models N (2100), --rounds N (3), --database URL (embedded).
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import 'reflect-metadata';
import { ensureBootstrap } from '../../dist/src/admin/bootstrap.js';
import { createAdmin } from '../../dist/src/admin/create-admin.js';
import { factsFor } from '../../dist/src/discovery/catalog/catalog.js';
import { createDiscovery } from '../../dist/src/discovery/discovery.js';
import { createCredentialProbe } from '../../dist/src/discovery/probe.js';
import { systemClock as clock } from '../../dist/src/domain/clock.js';
import { ADMIN_SCOPES } from '../../dist/src/domain/vocabulary.js';
import { createBus } from '../../dist/src/live/bus.js';
import { createLogger } from '../../dist/src/observability/logger.js';
import { openDatabase } from '../../dist/src/persistence/database.js';
import { allProviders } from '../../dist/src/providers/registry.js';
import { createVault } from '../../dist/src/secrets/vault.js';
import { createHttpGet } from '../../dist/src/upstream/http-get.js';

const { values: options } = parseArgs({
  options: {
    connections: { type: 'string', default: '30' },
    models: { type: 'string', default: '2100' },
    rounds: { type: 'string', default: '3' },
    database: { type: 'string' },
  },
});
const connections = Number(options.connections);
const SAMPLE_MS = 10;

const dir = mkdtempSync(join(tmpdir(), 'switchyard-bench-'));
const logger = createLogger({ level: 'silent', role: 'bench' });
const bus = createBus(logger);
const vault = createVault([Buffer.alloc(32, 7)]);
const http = createHttpGet({ allowPrivateUpstreams: true, userAgent: 'switchyard-bench' });
const providers = fork(fileURLToPath(new URL('./providers.mjs', import.meta.url)));
const database = await openDatabase({ databaseUrl: options.database ?? null, dataDir: dir, logger, clock });

try {
  const discovery = createDiscovery({ database, bus, clock, logger, vault, http, factsFor });
  const probe = createCredentialProbe({ http, clock });
  const admin = createAdmin({
    database,
    bus,
    clock,
    vault,
    discovery,
    probe,
    configInForce: async () => undefined,
    allowPrivateUpstreams: true,
  });
  const workspace = await ensureBootstrap({ database, adminToken: 'bench-'.repeat(8), clock });
  const context = {
    actor: {
      kind: 'CLI',
      id: null,
      name: 'bench',
      scopes: ADMIN_SCOPES,
      workspaceId: workspace.id,
      expiresAt: null,
    },
    ip: null,
    requestId: null,
    signal: new AbortController().signal,
  };
  await connectAll(admin, context);
  for (let round = 1; round <= Number(options.rounds); round++)
    await measure(round, admin, discovery, context);
} finally {
  providers.kill();
  await http.close();
  await database.close();
  rmSync(dir, { recursive: true, force: true });
}

async function connectAll(admin, context) {
  const live = new Map(
    allProviders()
      .map(({ slug, offerings }) => [slug, offerings.filter(({ models }) => models.kind === 'live')])
      .filter(([, offerings]) => offerings.length > 0),
  );
  const [dead, ...slugs] = live.keys();
  const living = Array.from({ length: connections - 1 }, (_, i) => slugs[i % slugs.length]);
  providers.send({ slugs: living, models: Number(options.models), dead });
  const [told] = await once(providers, 'message');
  for (const [index, { slug, url, secret }] of [told.dead, ...told.started].entries()) {
    await connect(admin, context, { slug, url, secret, index, offerings: live.get(slug) });
  }
}

/** The last offering that takes the key: plans may list a choice of models only, and would not name made-up ones. */
async function connect(admin, context, { slug, url, secret, index, offerings }) {
  let refusal;
  for (const { code, credential } of offerings.toReversed()) {
    const created = await admin.connections.create(context, {
      provider: slug,
      offering: code,
      label: `bench ${index}`,
      ...(credential === 'NONE' ? {} : { secret }),
      baseUrl: url,
      priority: index,
      verify: false,
      discover: false,
    });
    if (created.ok) return;
    refusal = created.userErrors[0].message;
  }
  throw new Error(`${slug}: ${refusal}`);
}

async function measure(round, admin, discovery, context) {
  globalThis.gc?.();
  const before = process.memoryUsage().rss;
  let peak = before;
  const sampler = setInterval(() => (peak = Math.max(peak, process.memoryUsage().rss)), SAMPLE_MS);
  const from = clock.now();
  const begun = await admin.discovery.start(context, null);
  if (!begun.ok) throw new Error(begun.userErrors[0].message);
  await discovery.settled();
  clearInterval(sampler);
  await pause(0);
  const [run] = await admin.discovery.byIds(context, [begun.value.id]);
  const good = run.results.filter(({ status }) => status === 'SUCCEEDED');
  const bad = run.results.filter(({ status }) => status !== 'SUCCEEDED');
  const last = Math.max(...good.map(({ finishedAt }) => finishedAt)) - from;
  const found = good.reduce((sum, { modelsFound }) => sum + modelsFound, 0);
  const seconds = (ms) => `${(ms / 1_000).toFixed(2)} s`;
  process.stdout.write(
    `round ${round}: ${found} models of ${good.length} connections after ${seconds(last)}; ` +
      `the whole run ${run.status} after ${seconds(run.finishedAt - from)} (${bad.map(({ provider, failure }) => `${provider}: ${failure?.class}`).join(', ')}); ` +
      `memory +${((peak - before) / 1024 / 1024).toFixed(0)} MiB to ${(peak / 1024 / 1024).toFixed(0)} MiB\n`,
  );
}
