/** What every plan whose quota can be read promises end to end: it is used until its wall, paid for elsewhere meanwhile, and used again. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Clock } from '../../src/domain/clock.js';
import { EXHAUSTED_FRACTION, type HeaderReading } from '../../src/domain/quota.js';
import { allProviders } from '../../src/providers/registry.js';
import { commitUsage } from '../../src/persistence/usage.js';
import { createQuotaPoller } from '../../src/quota/poller.js';
import { createHttpGet } from '../../src/upstream/http-get.js';
import { usageEventOf } from '../../src/usage/price.js';
import { quietLogger } from '../support/database.js';
import { startTestGateway } from '../support/gateway.js';
import { startLiveNode, type LiveNode } from '../support/live-gateway.js';
import { simulationOf, type SimulatedProvider } from '../support/providers/simulated-provider.js';
import { startRawProvider } from '../support/raw-provider.js';
import { ask } from '../support/routed.js';
import { until } from '../support/wait.js';
import { startHarness, valueOf, type Harness } from '../unit/admin/harness.js';

const MINUTE = 60_000;
const plans = allProviders().flatMap(({ slug, offerings }) =>
  offerings.flatMap(({ code, quota }) =>
    quota
      ? [{ name: `${slug}/${code}`, slug, code, pauseMs: Math.max(MINUTE, quota.minIntervalMs ?? 0) }]
      : [],
  ),
);

let now = Date.now();
const clock: Clock = { now: () => now, monotonic: () => now };
let harness: Harness;
let node: LiveNode;
let key: string;
beforeAll(async () => {
  harness = await startHarness({ clock });
  const paid = await harness.simulate('deepseek');
  valueOf(await harness.connect(paid, { label: 'paid', offering: 'api' }));
  await harness.discovery.settled();
  const made = await harness.admin.accessKeys.create(harness.context, { name: 'agent', allowedModels: [] });
  key = valueOf(made).plaintext ?? '';
  node = await startLiveNode(harness);
});
afterAll(async () => {
  await node[Symbol.asyncDispose]();
  await harness[Symbol.asyncDispose]();
});

/** Calls that generate. */
const generations = (provider: SimulatedProvider): number =>
  provider.requests.filter(({ method }) => method === 'POST').length;

test('there are plans to hold to this', () => expect(plans.length).toBeGreaterThan(5));

describe.each(plans)('$name', ({ name, slug, code, pauseMs }) => {
  let plan: SimulatedProvider;
  let connectionId: string;
  const tier = `${slug}-${code}`;
  beforeAll(async () => {
    plan = await harness.simulate(slug, { now: () => now });
    const connected = await harness.connect(plan, { label: name, offering: code });
    connectionId = valueOf(connected).connection.id;
    await harness.discovery.settled();
    await node.publish();
    const models = node.snapshot.workspaces.flatMap((workspace) => workspace.models);
    const own = models.find(({ via }) => via.some((route) => route.connectionId === connectionId));
    const bought = models.find(({ provider, price }) => provider === 'deepseek' && price !== null);
    if (!own || !bought) throw new Error(`${own ? 'nothing to pay for' : 'the plan has no models'}`);
    const targets = [{ modelRef: own.ref, connectionId }, { modelRef: bought.ref }];
    const created = await harness.admin.tiers.create(harness.context, {
      slug: tier,
      name: tier,
      strategy: 'SUBSCRIPTION_FIRST',
      targets,
      maxAttempts: 3,
      isDefault: false,
    });
    valueOf(created);
    await node.publish();
  });

  /** One request of a new conversation, and what was booked for it. */
  async function ask() {
    const answer = await node.ask(key, { model: `tier:${tier}` });
    const end = node.ends.at(-1);
    if (!end) throw new Error('nothing was booked');
    return { answer, event: usageEventOf({ kind: 'ended', end }) };
  }
  async function readQuota() {
    now += pauseMs;
    valueOf(await harness.admin.connections.refreshQuota(harness.context, connectionId));
    await node.publish();
    const [windows = []] = await harness.admin.connections.quotaWindows(harness.context, [connectionId]);
    return windows;
  }

  test.each(Object.keys(simulationOf(slug).quota?.windows ?? {}))(
    'is used until the wall of %s, is paid for elsewhere until that resets, and is used again by itself',
    async (window) => {
      const names = Object.keys(simulationOf(slug).quota?.windows ?? {});
      for (const each of names) plan.quota.set(each, 0);
      const { limit } = plan.quota.window(window);
      plan.quota.set(window, limit * 0.95);
      const windows = await readQuota();
      expect(windows).toHaveLength(names.length);
      const shown = windows[names.indexOf(window)];
      expect(shown?.usedFraction).toBeGreaterThan(0.9);
      expect(shown?.usedFraction).toBeLessThan(EXHAUSTED_FRACTION);

      const before = await ask();
      expect(before.answer.headers['x-switchyard-offering']).toBe(name);
      expect(before.event).toMatchObject({ status: 'OK', costNanoUsd: 0n, billing: 'SUBSCRIPTION' });

      plan.quota.set(window, limit);
      const spilled = await ask();
      expect(spilled.answer.status).toBe(200);
      expect(spilled.answer.headers['x-switchyard-reason']).toBe('tier_named');
      expect(spilled.answer.headers['x-switchyard-passed-over']).toBe(`${name} QUOTA_EXHAUSTED`);
      expect(spilled.event.attempts.map(({ failure }) => failure?.class ?? null)).toEqual([
        'QUOTA_EXHAUSTED',
        null,
      ]);
      expect(spilled.event.billing).toBe('METERED');
      expect(spilled.event.costNanoUsd).toBeGreaterThan(0n);

      // From here on it is left alone, until the moment at which it resets.
      const { resetsAt } = plan.quota.window(window);
      const asked = generations(plan);
      const stated = shown?.resetsAt ?? null;
      if (stated !== null) now = Math.max(now, Math.min(resetsAt, stated) - 5_000);
      const held = await ask();
      expect(held.answer.headers['x-switchyard-attempts']).toBe('1');
      expect(held.answer.headers['x-switchyard-passed-over']).toBe(`${name} QUOTA_EXHAUSTED`);
      expect(generations(plan)).toBe(asked);

      // One whose allowance grows back bit by bit states when all of it is there again.
      now = Math.max(resetsAt, stated ?? 0) + 2_000;
      const back = await ask();
      expect(back.answer.headers['x-switchyard-offering']).toBe(name);
      expect(back.answer.headers['x-switchyard-attempts']).toBe('1');
      expect(back.event).toMatchObject({ status: 'OK', costNanoUsd: 0n });
    },
  );
});

const published = allProviders().flatMap(({ slug, offerings }) =>
  offerings.flatMap(({ code, publishedWindows = {} }) =>
    Object.entries(publishedWindows).map(([planCode, windows]) => ({
      name: `${slug}/${code} ${planCode}`,
      slug,
      code,
      planCode,
      windows,
    })),
  ),
);

describe.each(published)('$name, which cannot be read', ({ name, slug, code, planCode, windows }) => {
  test('has windows that agree with what was sent through the gateway', async () => {
    const simulated = await harness.simulate(slug, { now: () => now });
    const connected = await harness.connect(simulated, { label: name, offering: code, planCode });
    const { id } = valueOf(connected).connection;
    await harness.discovery.settled();
    const models = await until('its models are known', async () => {
      await node.publish();
      const known = node.snapshot.workspaces.flatMap((workspace) => workspace.models);
      const own = known.filter(({ via }) => via.some((route) => route.connectionId === id));
      return own.length > 0 && own;
    });
    const pinned = {
      slug: `sent-${id.slice(-12).toLowerCase()}`,
      name,
      strategy: 'ORDERED',
      maxAttempts: 1,
    } as const;
    const targets = [{ modelRef: models[0]?.ref ?? '', connectionId: id }];
    valueOf(await harness.admin.tiers.create(harness.context, { ...pinned, targets, isDefault: false }));
    await node.publish();
    const sent = 7;
    const begun = node.ends.length;
    for (let n = 0; n < sent; n++) {
      const messages = [{ role: 'user', content: '[tokens in=1000 out=10] [say ok]' }];
      expect((await node.ask(key, { model: `tier:${pinned.slug}`, messages })).status).toBe(200);
    }
    const events = node.ends.slice(begun).map((end) => usageEventOf({ kind: 'ended', end }));
    await commitUsage(harness.database, events);
    now += MINUTE;
    valueOf(await harness.admin.connections.refreshQuota(harness.context, id));
    const [found = []] = await harness.admin.connections.quotaWindows(harness.context, [id]);
    const listCost = events.reduce((sum, { listCostNanoUsd }) => sum + (listCostNanoUsd ?? 0n), 0n);
    const truth = { REQUESTS: sent, TOKENS: sent * 1_010, USD: Number(listCost) / 1e9 };
    for (const { name: window, unit, limit } of windows) {
      const shown = found.find((reading) => reading.name === window);
      expect(shown, window).toMatchObject({ source: 'ESTIMATED', unit, limit });
      expect(shown?.used, window).toBeCloseTo(truth[unit], 6);
      expect(shown?.usedFraction, window).toBeCloseTo(truth[unit] / limit, 9);
    }
  });
});

describe('a plan that states its allowance in the headers of its answers', () => {
  const HEADERS = {
    'x-ratelimit-limit-requests-day': '1000',
    'x-ratelimit-remaining-requests-day': '250',
    'x-ratelimit-reset-requests-day': '3600',
  };
  test('is known by them, sparingly told, and not overwritten by an estimate', async () => {
    const told: HeaderReading[] = [];
    const provider = await startRawProvider((response) => {
      const choices = [{ index: 0, message: { role: 'assistant', content: 'ok' }, finish_reason: 'stop' }];
      response
        .writeHead(200, { 'content-type': 'application/json', ...HEADERS })
        .end(JSON.stringify({ choices }));
    });
    const gateway = await startTestGateway({
      clock,
      connections: [
        {
          id: 'code',
          provider: 'cerebras',
          offering: 'code',
          secret: 'csk-key',
          baseUrl: provider.url,
          models: ['gpt-oss-120b'],
        },
      ],
      onQuota: (reading) => told.push(reading),
    });
    for (let n = 0; n < 5; n++)
      expect((await ask(gateway, { model: 'cerebras/gpt-oss-120b' })).status).toBe(200);
    expect(told).toHaveLength(1);
    now += 10_000;
    await ask(gateway, { model: 'cerebras/gpt-oss-120b' });
    expect(told).toHaveLength(2);
    await gateway[Symbol.asyncDispose]();
    await provider[Symbol.asyncDispose]();

    const simulated = await harness.simulate('cerebras', { now: () => now });
    const input = { label: 'code', offering: 'code', planCode: 'pro', discover: false };
    const { connection } = valueOf(await harness.connect(simulated, input));
    const deps = {
      ...harness,
      logger: quietLogger,
      http: createHttpGet({ allowPrivateUpstreams: true, userAgent: 'test' }),
    };
    const poller = createQuotaPoller({ ...deps, checkEveryMs: 3_600_000 });
    const [first, second] = told;
    if (!first || !second) throw new Error('nothing was told');
    const { workspaceId, id: connectionId } = connection;
    poller.note({ ...second, workspaceId, connectionId });
    // What was seen earlier and arrives later says nothing.
    const stale = first.windows.map((window) => ({ ...window, usedFraction: 0.1 }));
    poller.note({ ...first, windows: stale, workspaceId, connectionId });
    const windows = async () => {
      const [found = []] = await harness.admin.connections.quotaWindows(harness.context, [connectionId]);
      return found.map(({ name, source, usedFraction }) => [name, source, usedFraction]);
    };
    const REPORTED = ['daily-requests', 'REPORTED', 0.75];
    await until('it is stored', async () => (await windows()).some(([name]) => name === 'daily-requests'));
    now += MINUTE;
    await poller.refresh(connection);
    expect(await windows()).toContainEqual(REPORTED);
    expect((await windows()).some(([, source]) => source === 'ESTIMATED')).toBe(true);
    await poller.close();
    await deps.http.close();
  });
});
