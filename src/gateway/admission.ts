/**
 * Admits requests: before the first attempt it sets aside what a request may use of its key's budget, its rates and the
 * limits over it, and at the end puts the real figures in its place.
 */
import { setTimeout as pause } from 'node:timers/promises';
import {
  boundsOf,
  concernsWay,
  reachedLimit,
  wordsOf,
  type NamedBound,
  type Traffic,
} from '../admission/bounds.js';
import { nameOf, type Answer, type Counters } from '../admission/counter.js';
import { toAmount, type Figures } from '../admission/figures.js';
import { settlementOf } from '../admission/settlement.js';
import { ADMISSION_LOOK_MS, ADMISSION_SEED_WAIT_MS, ADMISSION_WAIT_MS } from '../config/admission-limits.js';
import type { Clock } from '../domain/clock.js';
import type { UpstreamFailure } from '../domain/failure.js';
import { timeOfId } from '../domain/ids.js';
import { isSummed } from '../domain/limits.js';
import { totalTokens } from '../domain/tokens.js';
import { namedAttempt } from '../domain/usage.js';
import { chargeAttempt } from '../journal/charge.js';
import type { EndRecord } from '../journal/record.js';
import type { Logger } from '../observability/logger.js';
import type { Candidate } from '../routing/decision.js';
import { estimateCost } from '../routing/estimate-cost.js';
import type { LimitSnapshot } from '../routing/snapshot.js';
import type { KeyEntry, RouteEntry } from '../routing/table.js';
import type { Routed } from './live-routing.js';
import type { HeaderList } from './reply.js';

export interface Admission {
  /** What a caller is admitted with whom nothing limits; null for any other. */
  unlimited(caller: KeyEntry, routed: Routed): Admitted | null;
  /** Waits while running requests stand in the way, and no longer than `signal` lets it. */
  admit(input: AdmissionInput): Promise<Admitted | Refused>;
}

export interface AdmissionInput {
  /** Of the usage event. */
  readonly id: string;
  readonly caller: KeyEntry;
  readonly routed: Routed;
  /** The longest output it allows; null where it does not say. */
  readonly outputMax: number | null;
  readonly signal: AbortSignal;
}

export interface Admitted {
  readonly kind: 'admitted';
  /** The decision without the ways that a limit closed. */
  readonly routed: Routed;
  /** Before a way is tried: sets aside what the limits over it take. False when one of them closes it. */
  enter(route: RouteEntry): boolean | Promise<boolean>;
  /** Takes the end of the request, however it ended. */
  settle(end: EndRecord): void;
}

export interface Refused {
  readonly kind: 'refused';
  readonly failure: UpstreamFailure;
  readonly headers: HeaderList;
}

export interface AdmissionDeps {
  readonly counters: Counters;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What stands in the way of a request. */
interface Obstacle {
  readonly words: string;
  readonly retryAt: number;
  readonly isBudget: boolean;
  readonly isOfWay: boolean;
}

type Asked = { readonly kind: 'set aside' } | { readonly kind: 'refused'; readonly by: Obstacle };

export function createAdmission({ counters, clock, logger }: AdmissionDeps): Admission {
  const ask = async (input: AdmissionInput, bounds: readonly NamedBound[]): Promise<Asked> => {
    const startedAt = clock.monotonic();
    for (;;) {
      const waited = clock.monotonic() - startedAt;
      const answer = await reserve(input.id, bounds, waited >= ADMISSION_SEED_WAIT_MS);
      if (answer.kind === 'RESERVED') return { kind: 'set aside' };
      const mayWait = waited < ADMISSION_WAIT_MS && !input.signal.aborted;
      if (mayWait && (answer.kind === 'UNSEEDED' || answer.held)) {
        await pause(ADMISSION_LOOK_MS);
        continue;
      }
      const bound = answer.kind === 'REFUSED' ? bounds[answer.bound] : bounds[0];
      // Nothing to be refused by: what answers is of another version, and does not decide about this request.
      if (!bound) return { kind: 'set aside' };
      const retryAt = answer.kind === 'REFUSED' ? answer.retryAt : clock.now() + 1_000;
      // A budget that requests under way hold may have room as soon as one of them ends.
      const isBudget = bound.isBudget && !(answer.kind === 'REFUSED' && answer.held);
      return { kind: 'refused', by: { ...bound, retryAt, isBudget } };
    }
  };
  const reserve = async (id: string, bounds: readonly NamedBound[], unseeded: boolean): Promise<Answer> => {
    try {
      const plain = bounds.map(({ counter, max, amount }) => ({ counter, max, amount }));
      return await counters.reserve({ id, bounds: plain, unseeded });
    } catch (error) {
      // Whoever runs this would rather overspend for a moment than have every agent stand still.
      logger.error({ err: error, eventId: id }, 'a request is served uncounted');
      return { kind: 'RESERVED' };
    }
  };

  return {
    unlimited({ key, workspace }, routed) {
      const isLimited = key.limits !== undefined || workspace.limits.length > 0;
      return isLimited ? null : { kind: 'admitted', routed, enter: () => true, settle: () => undefined };
    },
    async admit(input) {
      const { caller, routed } = input;
      const { limits } = caller.workspace;
      // What is a sum is counted here, to the request; what is not was measured elsewhere.
      const measured = limits.filter(({ metric }) => !isSummed(metric));
      const settle = (end: EndRecord): void => settleEnd(counters, caller, end);
      const closed = new Map<Candidate, Obstacle>();
      const boundsOn = (route: RouteEntry): NamedBound[] => boundsFor(input, limits, route, clock.now());
      /** Names of the counters in which this request has its part set aside. */
      const counted = new Set<string>();
      const askFor = async (bounds: readonly NamedBound[]): Promise<Asked> => {
        const asked = await ask(input, bounds);
        if (asked.kind === 'set aside') for (const { counter } of bounds) counted.add(nameOf(counter));
        return asked;
      };
      const enter = (route: RouteEntry): boolean | Promise<boolean> => {
        const more = boundsOn(route).filter(
          ({ isOfWay, counter }) => isOfWay && !counted.has(nameOf(counter)),
        );
        return more.length === 0 || askFor(more).then(({ kind }) => kind === 'set aside');
      };
      for (const candidate of waysToTry(routed)) {
        const traffic = trafficOf(caller, routed, candidate.route);
        const reached = reachedLimit(measured, traffic, clock.now());
        const asked: Asked = reached
          ? { kind: 'refused', by: obstacleOf(reached) }
          : await askFor(boundsOn(candidate.route));
        if (asked.kind === 'set aside') {
          return { kind: 'admitted', routed: without(routed, closed, caller, clock.now()), enter, settle };
        }
        if (!asked.by.isOfWay) return refusedBy(asked.by);
        closed.set(candidate, asked.by);
      }
      const [first] = [...closed.values()].toSorted((a, b) => a.retryAt - b.retryAt);
      // With no way at all there is nothing to admit, and the walk says why.
      return first ? refusedBy(first) : { kind: 'admitted', routed, enter, settle };
    },
  };
}

function boundsFor(
  { caller, routed, outputMax }: AdmissionInput,
  limits: readonly LimitSnapshot[],
  route: RouteEntry,
  now: number,
): NamedBound[] {
  const { size } = routed;
  const { inputTokens } = size;
  // What is set aside too low for several at once is missing when they end; what is too high comes back.
  const most = Math.min(outputMax ?? Infinity, route.model.maxOutputTokens ?? Infinity);
  const outputTokens = Number.isFinite(most) ? most : size.outputTokens;
  const figures: Figures = {
    REQUESTS: 1,
    TOKENS: inputTokens + outputTokens,
    COST_USD: toAmount(estimateCost(route, { inputTokens, outputTokens }, now) ?? 0n),
  };
  // A rate is corrected within the minute: there the usual length does.
  const rateTokens = inputTokens + Math.min(size.outputTokens, outputTokens);
  const traffic = trafficOf(caller, routed, route);
  const holder = { workspaceId: caller.workspace.id, key: caller.key, limits };
  return boundsOf({ ...holder, traffic, now, figures, rateTokens });
}

type Way = Candidate & { readonly route: RouteEntry };

/** In the order in which they will be tried. */
function waysToTry({ decision: { candidates } }: Routed): readonly Way[] {
  const open = candidates.filter((candidate): candidate is Way => candidate.route !== null);
  return [
    ...open.filter(({ skip }) => skip === null),
    ...open.filter(({ skip, lastResort }) => skip !== null && lastResort),
  ];
}

function trafficOf(caller: KeyEntry, { decision }: Routed, route: RouteEntry): Traffic {
  return {
    accessKeyId: caller.key.id,
    tierId: decision.tier?.tier.id ?? null,
    provider: route.connection.provider,
    connectionId: route.connection.id,
  };
}

function obstacleOf({ name, window, scope, reachedUntil }: LimitSnapshot): Obstacle {
  const retryAt = reachedUntil ?? NEVER_MS;
  return { words: wordsOf(name, window), retryAt, isBudget: true, isOfWay: concernsWay(scope) };
}

/** The decision with the ways marked that a limit closed, so that no later attempt goes there either. */
function without(
  routed: Routed,
  closed: ReadonlyMap<Candidate, Obstacle>,
  caller: KeyEntry,
  now: number,
): Routed {
  const ofWays = caller.workspace.limits.filter(({ scope }) => concernsWay(scope));
  if (closed.size === 0 && ofWays.length === 0) return routed;
  // The first way that is not closed has been admitted, by what is counted to the request.
  const admitted = waysToTry(routed).find((candidate) => !closed.has(candidate));
  const obstacleTo = (candidate: Candidate): Obstacle | null => {
    const { route } = candidate;
    if (closed.has(candidate) || candidate === admitted || route === null)
      return closed.get(candidate) ?? null;
    const reached = reachedLimit(ofWays, trafficOf(caller, routed, route), now);
    return reached && obstacleOf(reached);
  };
  const candidates = routed.decision.candidates.map((candidate): Candidate => {
    const obstacle = obstacleTo(candidate);
    if (obstacle === null) return candidate;
    return { ...candidate, skip: 'LIMIT_REACHED', until: obstacle.retryAt, lastResort: false };
  });
  return { ...routed, decision: { ...routed.decision, candidates } };
}

/** The latest moment that has a date; what is later never comes, such as the end of a limit over all time. */
const NEVER_MS = 8_640_000_000_000_000;

function refusedBy({ words, retryAt, isBudget }: Obstacle): Refused {
  const resets = retryAt < NEVER_MS;
  const until = resets ? ` It has room again at ${new Date(retryAt).toISOString()}.` : '';
  return {
    kind: 'refused',
    failure: {
      class: isBudget ? 'QUOTA_EXHAUSTED' : 'RATE_LIMITED',
      httpStatus: null,
      message: `This request does not fit ${words}.${until}`,
      retryAt: resets ? retryAt : null,
    },
    // A client that tries again by itself would do so for hours.
    headers: isBudget ? ['x-should-retry', 'false'] : [],
  };
}

/** Puts the real figures in the place of what was set aside. */
function settleEnd(counters: Counters, { key, workspace }: KeyEntry, end: EndRecord): void {
  const { request, attempts, occurredAt } = end;
  const startedAt = timeOfId(request.id);
  const named = namedAttempt(attempts);
  const used = {
    id: request.id,
    occurredAt,
    accessKeyId: key.id,
    tierId: request.tierId,
    provider: named?.provider ?? null,
    connectionId: named?.connectionId ?? null,
    rejected: end.status === 'REJECTED',
    attempts: attempts.map((attempt) => {
      const { tokens, costNanoUsd } = chargeAttempt(attempt, startedAt);
      const { provider, connectionId } = attempt;
      return { provider, connectionId, tokens: totalTokens(tokens), costNanoUsd };
    }),
  };
  counters.settle(settlementOf(used, { workspaceId: workspace.id, key, limits: workspace.limits }));
}
