/** What every plan whose quota can be read promises, over real HTTP: windows as its provider states them, its wall, its return. */
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import type { Clock } from '../../src/domain/clock.js';
import { EXHAUSTED_FRACTION, isCurrent } from '../../src/domain/quota.js';
import { HOUR_MS } from '../../src/domain/time-range.js';
import { credentialHeader } from '../../src/providers/credential-header.js';
import { classifyFailure, isErrorBody, readErrorAnswer } from '../../src/providers/failure.js';
import type { QuotaSource, StatedWindow } from '../../src/providers/plan-quota.js';
import { allProviders } from '../../src/providers/registry.js';
import { addressOf } from '../../src/providers/urls.js';
import { readQuota } from '../../src/quota/state-quota.js';
import { createHttpGet } from '../../src/upstream/http-get.js';
import {
  simulationOf,
  startSimulatedProvider,
  type SimulatedProvider,
} from '../support/providers/simulated-provider.js';

const START = Date.parse('2026-08-12T08:00:00Z');
let now = START;
const clock: Clock = { now: () => now, monotonic: () => performance.now() };
const http = createHttpGet({ allowPrivateUpstreams: true, userAgent: 'switchyard' });
afterAll(() => http.close());
beforeEach(() => {
  now = START;
});

const plans = allProviders().flatMap((provider) =>
  provider.offerings.flatMap((offering) =>
    offering.quota
      ? [{ name: `${provider.slug}/${offering.code}`, provider, offering, quota: offering.quota }]
      : [],
  ),
);

describe.each(plans)('$name', ({ provider, offering, quota }) => {
  const names = Object.keys(simulationOf(provider.slug).quota?.windows ?? {});

  async function read(simulated: SimulatedProvider, secret = simulated.keys.good) {
    const access = { offering, settings: { region: null, baseUrl: simulated.url }, secret };
    return readQuota({ http, clock }, access, quota, null);
  }

  async function windowsOf(simulated: SimulatedProvider): Promise<readonly StatedWindow[]> {
    const stated = await read(simulated);
    if (!stated.ok) throw new Error(stated.failure.message);
    return stated.windows;
  }

  /** One request; null when it is answered, else how it is refused. */
  async function spend(simulated: SimulatedProvider) {
    const [endpoint] = offering.endpoints;
    const model = simulationOf(provider.slug).models.find(({ id }) =>
      (offering.protocolsOf?.(id) ?? [endpoint.protocol]).includes(endpoint.protocol),
    );
    const response = await fetch(
      addressOf(offering, endpoint.url, { region: null, baseUrl: simulated.url }),
      {
        method: 'POST',
        headers: {
          ...credentialHeader(endpoint.auth, simulated.keys.good),
          ...(offering.sessionHeader === null ? {} : { [offering.sessionHeader]: 'conversation-1' }),
          'content-type': 'application/json',
        },
        body: JSON.stringify({
          model: model?.id,
          max_tokens: 10,
          messages: [{ role: 'user', content: '[tokens in=1000 out=1] [say ok]' }],
        }),
      },
    );
    const text = await response.text();
    if (response.ok && !isErrorBody(JSON.parse(text))) return null;
    const hints = { retryAfter: response.headers.get('retry-after'), now };
    return classifyFailure(offering, readErrorAnswer(response.status, text), hints);
  }

  test('states its windows, shortest first, with their share, their length and their reset', async () => {
    await using simulated = await startSimulatedProvider(provider.slug, { now: () => now });
    const windows = await windowsOf(simulated);
    expect(windows).toHaveLength(names.length);
    for (const [index, window] of windows.entries()) {
      const truth = simulated.quota.window(names[index] ?? '');
      expect(window.usedFraction, window.name).toBeCloseTo(truth.percentUsed / 100, 1);
      if (window.windowSeconds !== null) {
        expect(Math.abs(window.windowSeconds - truth.seconds), window.name).toBeLessThan(2 * 86_400);
      }
      expect(window.resetsAt ?? now + 1).toBeGreaterThan(now);
      expect(window.resetsAt ?? now).toBeLessThanOrEqual(now + truth.seconds * 1000);
      if (window.limit !== null) expect(window.limit).toBe(truth.limit);
    }
  });

  test('sees what is spent', async () => {
    await using simulated = await startSimulatedProvider(provider.slug, { now: () => now });
    const before = simulated.quota.window(names[0] ?? '').used;
    expect(await spend(simulated)).toBeNull();
    expect(simulated.quota.window(names[0] ?? '').used).toBeGreaterThan(before);
    const { limit } = simulated.quota.window(names[0] ?? '');
    simulated.quota.set(names[0] ?? '', limit * 0.9);
    expect((await windowsOf(simulated))[0]?.usedFraction).toBeCloseTo(0.9, 2);
  });

  test.each(names)('hits the wall of %s in its own words, knows until when, and comes back', async (name) => {
    await using simulated = await startSimulatedProvider(provider.slug, { now: () => now });
    const index = names.indexOf(name);
    simulated.quota.set(name, simulated.quota.window(name).limit);
    const { resetsAt } = simulated.quota.window(name);
    const refused = await spend(simulated);
    expect(refused?.class).toBe('QUOTA_EXHAUSTED');
    const full = (await windowsOf(simulated))[index];
    expect(full?.usedFraction).toBeGreaterThanOrEqual(EXHAUSTED_FRACTION);
    const until = refused?.retryAt ?? full?.resetsAt ?? null;
    // Said by the refusal, else by the window; one provider keeps the end of its month to itself.
    if (until !== null) expect(Math.abs(until - resetsAt)).toBeLessThan(2_000);

    now = resetsAt + 1;
    expect(await spend(simulated)).toBeNull();
    const fresh = (await windowsOf(simulated))[index];
    expect(fresh?.usedFraction).toBeLessThan(0.1);
    expect(fresh && isCurrent({ ...fresh, source: 'REPORTED', observedAt: now }, now)).toBe(true);
  });

  test('says why it cannot be read with a bad key', async () => {
    await using simulated = await startSimulatedProvider(provider.slug, { now: () => now });
    expect(await read(simulated, simulated.keys.bad)).toMatchObject({
      ok: false,
      failure: { class: 'AUTHENTICATION' },
    });
  });

  test.each([
    {},
    [],
    null,
    'ok',
    { data: null },
    { usage: null, limits: 'none', included: {}, windowLimits: [] },
  ])('takes %j for no statement at all', (body) => {
    expect(quota.parse([body], { now, region: null, planCode: null }).windows).toEqual([]);
  });
});

test('the windows of a plan that cannot be read are those of its own plans, and none of them is endless', () => {
  const published = allProviders().flatMap(({ offerings }) =>
    offerings.flatMap(({ publishedWindows = {} }) => Object.values(publishedWindows).flat()),
  );
  expect(published.length).toBeGreaterThan(0);
  for (const { limit, name } of published) expect(limit, name).toBeGreaterThan(0);
});

/** Bodies as they were recorded, by whom the modules name. */
describe('recorded answers', () => {
  const at = (text: string): number => Date.parse(text);
  const parse = (slug: string, body: unknown, context: { now: number; region?: string | null }) => {
    const source: QuotaSource | undefined = plans.find(({ provider }) => provider.slug === slug)?.quota;
    if (!source) throw new Error(`${slug} has no quota`);
    return source.parse([body], { region: null, planCode: null, ...context });
  };
  /** Name, unit, share and reset. */
  const brief = (windows: readonly StatedWindow[]) =>
    windows.map(({ name, unit, usedFraction, resetsAt }) => [
      name,
      unit,
      Math.round(usedFraction * 1e4) / 1e4,
      resetsAt,
    ]);

  test('Kimi: text and nanoseconds, and an answer that leaves out what is used', () => {
    const { windows } = parse(
      'kimi',
      {
        usage: { limit: '2048', used: '214', remaining: '1834', resetTime: '2026-01-09T15:23:13.716839300Z' },
        limits: [
          {
            window: { duration: 300, timeUnit: 'TIME_UNIT_MINUTE' },
            detail: { limit: '200', remaining: '61', reset_at: '2026-01-06T13:33:02.717479433Z' },
          },
        ],
        parallel: { limit: '20' },
      },
      { now: at('2026-01-06T12:00:00Z') },
    );
    expect(brief(windows)).toEqual([
      ['5h', 'CREDITS', 0.695, at('2026-01-06T13:33:02.717Z')],
      ['weekly', 'CREDITS', 0.1045, at('2026-01-09T15:23:13.716Z')],
    ]);
    expect(windows[0]).toMatchObject({ used: 139, limit: 200, windowSeconds: 18_000 });
  });

  test('Z.ai: credits, overdrawn, and the percentages of before, without the calls to tools', () => {
    const credits = parse(
      'zai',
      {
        code: 200,
        data: {
          limits: [
            {
              type: 'CREDIT_LIMIT',
              unit: 3,
              number: 5,
              usage: 2000,
              currentValue: 2005,
              remaining: 0,
              percentage: 100,
              nextResetTime: 1_786_624_439_633,
            },
            {
              type: 'CREDIT_LIMIT',
              unit: 6,
              number: 1,
              usage: 10_000,
              currentValue: 2005,
              remaining: 7994,
              percentage: 20,
              nextResetTime: 1_787_210_351_998,
            },
          ],
          level: 'lite',
        },
        success: true,
      },
      { now: 1_786_620_000_000 },
    );
    expect(brief(credits.windows)).toEqual([
      ['5h', 'CREDITS', 1, 1_786_624_439_633],
      ['weekly', 'CREDITS', 0.2005, 1_787_210_351_998],
    ]);
    expect(credits.active).toBe(true);
    const older = parse(
      'zai',
      {
        data: {
          limits: [
            { type: 'TOKENS_LIMIT', unit: 3, number: 5, percentage: 34 },
            {
              type: 'TIME_LIMIT',
              unit: 5,
              number: 1,
              usage: 100,
              currentValue: 8,
              remaining: 92,
              percentage: 8,
            },
          ],
        },
      },
      { now: 1_786_620_000_000 },
    );
    expect(brief(older.windows)).toEqual([['5h', 'SHARE', 0.34, null]]);
  });

  test('OpenCode Go: percentages, and a month of the length it has', () => {
    const { windows } = parse(
      'opencode-go',
      {
        usage: {
          rolling: { status: 'rate-limited', percent: 97, resetsAt: '2026-08-13T16:27:38.287Z' },
          weekly: { status: 'ok', percent: 3, resetsAt: '2026-08-17T02:00:00.287+02:00' },
          monthly: { status: 'ok', percent: 1, resetsAt: '2026-09-13T06:06:01.287Z' },
        },
      },
      { now: at('2026-08-13T12:00:00Z') },
    );
    expect(brief(windows)).toEqual([
      ['5h', 'SHARE', 1, at('2026-08-13T16:27:38.287Z')],
      ['weekly', 'SHARE', 0.03, at('2026-08-17T00:00:00.287Z')],
      ['monthly', 'SHARE', 0.01, at('2026-09-13T06:06:01.287Z')],
    ]);
    expect(windows[2]?.windowSeconds).toBe(31 * 86_400);
  });

  test('Ollama Cloud: the credit of a month, and what remains of the windows of before', () => {
    const now = at('2026-09-30T00:00:00Z');
    const credit = parse(
      'ollama-cloud',
      {
        included: {
          balance_usd: 72.5,
          allowance_usd: 100,
          period: { from: '2026-09-15T09:30:00Z', until: '2026-10-15T09:30:00Z' },
        },
        purchased: { balance_usd: 25 },
      },
      { now },
    );
    expect(brief(credit.windows)).toEqual([['monthly', 'USD', 0.275, at('2026-10-15T09:30:00Z')]]);
    expect(credit.windows[0]).toMatchObject({ limit: 100, used: 27.5, windowSeconds: 30 * 86_400 });
    const windows = parse(
      'ollama-cloud',
      {
        included: {
          session: { remaining_percent: 75, resets_at: '2026-10-01T07:00:00Z' },
          weekly: { remaining_percent: 40, resets_at: '2026-10-05T00:00:00Z' },
        },
      },
      { now },
    );
    expect(brief(windows.windows)).toEqual([
      ['5h', 'SHARE', 0.25, at('2026-10-01T07:00:00Z')],
      ['weekly', 'SHARE', 0.6, at('2026-10-05T00:00:00Z')],
    ]);
  });

  test('NanoGPT: input tokens of a week as a fraction, and the requests of before', () => {
    const now = 1_791_200_000_000;
    const { windows, active } = parse(
      'nano-gpt',
      {
        active: true,
        state: 'active',
        limits: { weeklyInputTokens: 60_000_000, dailyInputTokens: null, dailyImages: 100 },
        weeklyInputTokens: {
          used: 631_288,
          remaining: 59_368_712,
          percentUsed: 0.0105,
          resetAt: 1_791_763_200_000,
        },
        dailyInputTokens: null,
        dailyImages: { used: 0, remaining: 100, percentUsed: 0, resetAt: 1_791_244_800_000 },
      },
      { now },
    );
    expect(brief(windows)).toEqual([['weekly', 'TOKENS', 0.0105, 1_791_763_200_000]]);
    expect(active).toBe(true);
    const older = {
      active: true,
      limits: { daily: 2000, monthly: 60_000 },
      enforceDailyLimit: true,
      daily: { used: 5, remaining: 1995, percentUsed: 0.0025, resetAt: now + HOUR_MS },
      monthly: { used: 45, remaining: 59_955, percentUsed: 0.00075, resetAt: now + 240 * HOUR_MS },
      state: 'active',
    };
    expect(brief(parse('nano-gpt', older, { now }).windows)).toEqual([
      ['daily', 'REQUESTS', 0.0025, now + HOUR_MS],
      ['monthly', 'REQUESTS', 0.0008, now + 240 * HOUR_MS],
    ]);
    const relaxed = parse('nano-gpt', { ...older, enforceDailyLimit: false }, { now });
    expect(relaxed.windows.map(({ name }) => name)).toEqual(['monthly']);
    const ended = parse('nano-gpt', { ...older, active: false, state: 'inactive' }, { now });
    expect(ended).toEqual({ windows: [], active: false });
  });

  test('MiniMax: percentages that remain, and counts that mean the opposite in the two regions', () => {
    const now = 1_782_050_000_000;
    const row = {
      start_time: 1_782_043_200_000,
      end_time: 1_782_057_600_000,
      current_interval_total_count: 0,
      current_interval_usage_count: 0,
      model_name: 'general',
      current_weekly_total_count: 0,
      current_weekly_usage_count: 0,
      weekly_start_time: 1_781_452_800_000,
      weekly_end_time: 1_782_057_600_000,
      current_interval_status: 1,
      current_interval_remaining_percent: 100,
      current_weekly_status: 1,
      current_weekly_remaining_percent: 70,
      weekly_boost_permille: 1500,
    };
    const video = { ...row, model_name: 'video', current_interval_status: 3, current_weekly_status: 3 };
    const recorded = parse('minimax', { model_remains: [video, row] }, { now });
    expect(brief(recorded.windows)).toEqual([
      ['4h', 'SHARE', 0, 1_782_057_600_000],
      ['weekly', 'SHARE', 0.3, 1_782_057_600_000],
    ]);
    expect(recorded.active).toBe(true);
    const counted = {
      model_remains: [
        {
          ...row,
          model_name: 'MiniMax-M2',
          current_interval_total_count: 1500,
          current_interval_usage_count: 1200,
          current_interval_remaining_percent: undefined,
          current_weekly_remaining_percent: undefined,
        },
      ],
    };
    expect(parse('minimax', counted, { now, region: 'intl' }).windows).toMatchObject([
      { used: 300, limit: 1500 },
    ]);
    expect(parse('minimax', counted, { now, region: 'cn' }).windows).toMatchObject([
      { used: 1200, limit: 1500 },
    ]);
    expect(parse('minimax', { model_remains: [video] }, { now })).toEqual({ windows: [], active: false });
  });

  test('Synthetic: allowances that grow back, and the count of before', () => {
    const now = at('2026-04-17T03:40:00Z');
    const { windows } = parse(
      'synthetic',
      {
        plan: 'Starter',
        weeklyTokenLimit: {
          nextRegenAt: '2026-04-17T05:19:30.000Z',
          percentRemaining: 98.05884722222223,
          maxCredits: '$36.00',
          remainingCredits: '$35.30',
          nextRegenCredits: '$0.72',
        },
        rollingFiveHourLimit: {
          nextTickAt: '2026-04-17T03:44:11.000Z',
          tickPercent: 0.05,
          remaining: 600,
          max: 750,
          limited: false,
        },
      },
      { now },
    );
    expect(brief(windows)).toEqual([
      // Four ticks of a quarter of an hour each bring the missing fifth back.
      ['5h', 'REQUESTS', 0.2, at('2026-04-17T04:29:11.000Z')],
      ['weekly', 'USD', 0.0194, at('2026-04-17T05:19:30.000Z')],
    ]);
    const older = { data: { subscription: { limit: 135, requests: 27, renewsAt: '2026-04-17T05:00:00Z' } } };
    expect(brief(parse('synthetic', older, { now }).windows)).toEqual([
      ['5h', 'REQUESTS', 0.2, at('2026-04-17T05:00:00Z')],
    ]);
  });

  test('Chutes: a window in minutes, and an account without a plan', () => {
    const now = at('2026-06-13T15:00:00Z');
    const { windows, active } = parse(
      'chutes',
      {
        subscription: { active: true, plan_name: 'Pro', current_period_end: '2026-07-01T00:00:00Z' },
        monthly: { used: 250, limit: 1000, resets_at: '2026-07-01T00:00:00Z', unit: 'credits' },
        rolling_window: {
          requests: 40,
          limit: 100,
          window_minutes: 240,
          reset_at: '2026-06-13T18:00:00Z',
          unit: 'requests',
        },
      },
      { now },
    );
    expect(brief(windows)).toEqual([
      ['4h', 'REQUESTS', 0.4, at('2026-06-13T18:00:00Z')],
      ['monthly', 'CREDITS', 0.25, at('2026-07-01T00:00:00Z')],
    ]);
    expect(active).toBe(true);
    expect(parse('chutes', { subscription: { active: false, status: 'free' } }, { now })).toEqual({
      windows: [],
      active: false,
    });
  });

  test('Command Code: dollars at the root or nested, resets in any form', () => {
    const now = 1_779_990_000_000;
    const expected = [
      ['5h', 'USD', 0.25, 1_780_000_000_000],
      ['weekly', 'USD', 0.1, 1_780_100_000_000],
    ];
    const root = {
      credits: { monthlyCredits: 8.5 },
      windowLimits: {
        fiveHour: { cap: 3, used: 0.75, resetAt: 1_780_000_000_000 },
        weekly: { cap: 15, used: 1.5, resetAt: 1_780_100_000_000 },
      },
    };
    expect(brief(parse('commandcode', root, { now }).windows)).toEqual(expected);
    const nested = {
      credits: {
        windowLimits: {
          fiveHour: { cap: '3', used: '0.75', resetAt: '1780000000' },
          weekly: { cap: '15', used: '1.5', resetAt: '2026-05-30T00:13:20.000Z' },
        },
      },
    };
    expect(brief(parse('commandcode', nested, { now }).windows)).toEqual(expected);
  });

  test('ClinePass: percentages by kind, unknown kinds left out', () => {
    const { windows } = parse(
      'cline-pass',
      {
        data: {
          limits: [
            { type: 'five_hour', percentUsed: 12.5, resetsAt: '2026-08-12T10:00:00Z' },
            { type: 'weekly', percentUsed: 25, resetsAt: '2026-08-16T10:00:00Z' },
            { type: 'monthly', percentUsed: 40, resetsAt: null },
            { type: 'experimental_pool', percentUsed: 0 },
          ],
        },
        success: true,
      },
      { now: START },
    );
    expect(brief(windows)).toEqual([
      ['5h', 'SHARE', 0.125, at('2026-08-12T10:00:00Z')],
      ['weekly', 'SHARE', 0.25, at('2026-08-16T10:00:00Z')],
      ['monthly', 'SHARE', 0.4, null],
    ]);
  });

  test('Cerebras: what its headers say of the day', () => {
    const code = allProviders()
      .flatMap(({ offerings }) => offerings)
      .find(({ quotaOfHeaders }) => quotaOfHeaders);
    const windows = code?.quotaOfHeaders?.(
      {
        'x-ratelimit-limit-requests-day': '1000',
        'x-ratelimit-remaining-requests-day': '750',
        'x-ratelimit-reset-requests-day': '3600.5',
        'x-ratelimit-limit-tokens-minute': '60000',
      },
      START,
    );
    expect(brief(windows ?? [])).toEqual([['daily-requests', 'REQUESTS', 0.25, START + 3_600_500]]);
  });
});
