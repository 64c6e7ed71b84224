/**
 * Weeks of a small team with three plans and a metered key, on a fake clock. Requests are decided by the real code over a
 * compiled table; only the providers, the clock and the agents are made up.
 */
import type { Clock } from '../../src/domain/clock.js';
import type { UpstreamFailure } from '../../src/domain/failure.js';
import type { QuotaReading } from '../../src/domain/quota.js';
import type { TargetStrategy } from '../../src/domain/vocabulary.js';
import { createCooldownBook } from '../../src/routing/cooldown-book.js';
import { decide } from '../../src/routing/decide.js';
import type { Affinity, Candidate, Conditions, RequestTraits } from '../../src/routing/decision.js';
import { withAffinityFirst } from '../../src/routing/order.js';
import { likelyResetOf } from '../../src/routing/quota-outlook.js';
import type { LoadRequest } from './load.js';
import { simulatePlan, type PlanDescription, type Tokens, type WeekUsed } from './plans.js';
import { compileWorkspace } from './workspace.js';
import { DAY, HOUR, MINUTE, MONDAY, WEEK } from './time.js';

export interface Scenario {
  readonly plans: readonly PlanDescription[];
  /** When the running week of each plan ends, counted from the first Monday. */
  readonly weekEnds: readonly number[];
  readonly load: readonly LoadRequest[];
  readonly weeks: number;
  readonly strategy: TargetStrategy;
  /** Replaces the strategy's order, to try others; candidates come as listed. */
  readonly arrange?: (candidates: readonly Candidate[], conditions: Conditions) => readonly Candidate[];
}

/** What came of it. The first week is not counted: nobody starts with plans that are all fresh. */
export interface Outcome {
  readonly weeks: readonly WeekUsed[];
  readonly requests: number;
  readonly attempts: number;
  readonly meteredRequests: number;
  readonly meteredUsd: number;
  /** Refusals for want of quota. */
  readonly walls: number;
  readonly failed: number;
  /** Of these, how many some target would have served. */
  readonly failedNeedlessly: number;
  readonly conversations: number;
  /** Requests of a conversation that went elsewhere than the one before it. */
  readonly moves: number;
}

/** Dollars per million tokens of the metered key. */
const PRICE = { input: 1, cached: 0.1, output: 4 };
const POLL_EVERY = 5 * MINUTE;
const CACHE_LASTS = HOUR;
const MAX_ATTEMPTS = 5;

interface Home {
  readonly affinity: Affinity;
  readonly at: number;
}

export function simulate(scenario: Scenario): Outcome {
  let now = MONDAY;
  const clock: Clock = { now: () => now, monotonic: () => now - MONDAY };
  const book = createCooldownBook({ clock, name: 'simulation', onChange: () => undefined });
  const workspace = compileWorkspace(scenario.plans, scenario.strategy);
  const plans = new Map(
    scenario.plans.map((plan, i) => [
      plan.id,
      simulatePlan(plan, MONDAY, MONDAY + (scenario.weekEnds[i] ?? WEEK)),
    ]),
  );
  const readings = new Map<string, readonly QuotaReading[]>();
  const poll = (): void => {
    let polled = 0;
    for (const [id, plan] of plans) {
      // Each at a minute of its own.
      const due = now - ((now - MONDAY + polled++ * MINUTE) % POLL_EVERY);
      const known = readings.get(id)?.[0]?.observedAt ?? 0;
      if (due > known) readings.set(id, plan.read(due));
    }
  };
  const homes = new Map<number, Home>();
  const count = { requests: 0, attempts: 0, meteredRequests: 0, meteredUsd: 0, walls: 0 };
  const bad = { failed: 0, failedNeedlessly: 0, moves: 0 };
  const conversations = new Set<number>();

  const warm = (request: LoadRequest, connectionId: string): boolean => {
    const home = homes.get(request.conversation);
    return home !== undefined && home.affinity.connectionId === connectionId && now - home.at < CACHE_LASTS;
  };
  const tokensOf = (request: LoadRequest, connectionId: string): Tokens => {
    const input = warm(request, connectionId) ? request.newTokens : request.inputTokens;
    return { input, cached: request.inputTokens - input, output: request.outputTokens };
  };
  const call = (request: LoadRequest, connectionId: string): UpstreamFailure | null => {
    const tokens = tokensOf(request, connectionId);
    const plan = plans.get(connectionId);
    if (plan) return plan.call(tokens, now);
    if (isMeteredDown(now))
      return { class: 'UPSTREAM_ERROR', httpStatus: 503, message: 'Overloaded.', retryAt: null };
    if (now >= MONDAY + WEEK) {
      count.meteredRequests++;
      const { input, cached, output } = tokens;
      count.meteredUsd += (input * PRICE.input + cached * PRICE.cached + output * PRICE.output) / 1e6;
    }
    return null;
  };
  const wouldServe = (): boolean =>
    !isMeteredDown(now) || [...plans.values()].some((plan) => plan.hasRoom(now));
  const conditionsOf = (request: LoadRequest): Conditions => {
    const home = homes.get(request.conversation);
    return {
      now,
      hold: book.hold,
      quota: (connectionId) => readings.get(connectionId) ?? [],
      firstTokenMs: () => null,
      affinity: home && now - home.at < CACHE_LASTS ? home.affinity : null,
    };
  };

  for (const request of scenario.load) {
    ({ at: now } = request);
    poll();
    const counted = now >= MONDAY + WEEK;
    const conditions = conditionsOf(request);
    const decision = decide(workspace, { key: null, traits: traitsOf(request), conditions });
    const candidates = scenario.arrange
      ? withAffinityFirst(scenario.arrange(decision.candidates, conditions), conditions)
      : decision.candidates;
    const tried = [
      ...candidates.filter(({ skip }) => skip === null),
      ...candidates.filter(({ skip, lastResort }) => skip !== null && lastResort),
    ].slice(0, MAX_ATTEMPTS);
    let servedBy: string | null = null;
    for (const { route, modelRef } of tried) {
      if (route === null) continue;
      const { id } = route.connection;
      const trial = book.sent(id, modelRef);
      if (counted) count.attempts++;
      const failure = call(request, id);
      if (failure === null) {
        trial.succeeded();
        servedBy = id;
        const before = homes.get(request.conversation);
        if (counted && before && before.affinity.connectionId !== id) bad.moves++;
        homes.set(request.conversation, {
          affinity: { connectionId: id, modelRef, tierSlug: null },
          at: now,
        });
        break;
      }
      if (counted && failure.class === 'QUOTA_EXHAUSTED') count.walls++;
      trial.failed(failure, likelyResetOf(conditions.quota(id), modelRef, now));
    }
    if (!counted) continue;
    count.requests++;
    conversations.add(request.conversation);
    if (servedBy !== null) continue;
    bad.failed++;
    if (wouldServe()) bad.failedNeedlessly++;
  }
  const end = MONDAY + scenario.weeks * WEEK;
  const weeks = [...plans.values()].flatMap((plan) => plan.weeks(end));
  return { ...count, ...bad, conversations: conversations.size, weeks };
}

/** Wednesdays from 13:00 to 15:00 UTC: then the plans have to carry everything. */
function isMeteredDown(at: number): boolean {
  const inWeek = (at - MONDAY) % WEEK;
  return inWeek >= 2 * DAY + 13 * HOUR && inWeek < 2 * DAY + 15 * HOUR;
}

function traitsOf({ inputTokens, outputTokens }: LoadRequest): RequestTraits {
  return {
    model: 'default',
    header: () => undefined,
    protocol: 'OPENAI_CHAT',
    translatable: true,
    inputTokens,
    outputTokens,
    capabilities: ['STREAMING', 'TOOLS'],
    classify: () => ({ tierSlug: 'default', score: 0, signals: [], reason: 'not asked' }),
  };
}
