/** Which counters a request counts in, and how far each may go. */
import { inWindow, isSummed, windowAt, type LimitScope, NO_SCOPE } from '../domain/limits.js';
import { formatUsd } from '../domain/money.js';
import type { AccessKeySnapshot, LimitSnapshot } from '../routing/snapshot.js';
import type { Bound, WindowCounter } from './counter.js';
import type { Figures } from './figures.js';

/** Where a request goes, or went. What it has not got to is null. */
export interface Traffic {
  readonly accessKeyId: string | null;
  readonly tierId: string | null;
  readonly provider: string | null;
  readonly connectionId: string | null;
}

/** A bound, and what is said of it when it refuses. */
export interface NamedBound extends Bound {
  /** In words, as in `the budget of this access key, 5 USD this month`. */
  readonly words: string;
  /** A budget or limit runs out; a rate is only too fast. */
  readonly isBudget: boolean;
  /** Whether it holds for one way to serve the request only, and another may do. */
  readonly isOfWay: boolean;
}

export interface BoundsInput {
  readonly workspaceId: string;
  /** Null for a request without one, such as a dry run. */
  readonly key: AccessKeySnapshot | null;
  readonly limits: readonly LimitSnapshot[];
  readonly traffic: Traffic;
  readonly now: number;
  readonly figures: Figures;
  /** What counts towards tokens per minute; the same as in windows when left out. */
  readonly rateTokens?: number;
}

/** Those of the key first: what is simplest to mend is said first. */
export function boundsOf(input: BoundsInput): NamedBound[] {
  return [...boundsOfKey(input), ...boundsOfLimits(input)];
}

function boundsOfKey({
  workspaceId,
  key,
  now,
  figures,
  rateTokens = figures.TOKENS,
}: BoundsInput): NamedBound[] {
  if (!key?.limits) return [];
  const { limits, id: accessKeyId } = key;
  const bounds: NamedBound[] = [];
  const rate = { isBudget: false, isOfWay: false };
  const { maxConcurrency, requestsPerMinute, tokensPerMinute, budget } = limits;
  if (maxConcurrency !== null) {
    const words = `the bound of this access key, ${maxConcurrency} requests at a time`;
    bounds.push({
      counter: { kind: 'RUNNING', accessKeyId },
      max: maxConcurrency,
      amount: 1,
      words,
      ...rate,
    });
  }
  if (requestsPerMinute !== null) {
    const words = `the rate of this access key, ${requestsPerMinute} requests per minute`;
    const counter = { kind: 'MINUTE', metric: 'REQUESTS', accessKeyId } as const;
    bounds.push({ counter, max: requestsPerMinute, amount: 1, words, ...rate });
  }
  if (tokensPerMinute !== null) {
    const words = `the rate of this access key, ${tokensPerMinute} tokens per minute`;
    const counter = { kind: 'MINUTE', metric: 'TOKENS', accessKeyId } as const;
    bounds.push({ counter, max: tokensPerMinute, amount: rateTokens, words, ...rate });
  }
  if (budget !== null) {
    const words = `the budget of this access key, ${formatUsd(BigInt(budget.nanoUsd))} USD ${inWindow(budget.window)}`;
    bounds.push({
      counter: {
        kind: 'WINDOW',
        workspaceId,
        metric: 'COST_USD',
        scope: { ...NO_SCOPE, accessKeyId },
        ...windowAt(now, budget.window),
      },
      max: budget.nanoUsd,
      amount: figures.COST_USD,
      words,
      isBudget: true,
      isOfWay: false,
    });
  }
  return bounds;
}

function boundsOfLimits({ workspaceId, limits, traffic, now, figures }: BoundsInput): NamedBound[] {
  return limits.flatMap((limit) => {
    const { name, metric, scope, window, max } = limit;
    if (!isSummed(metric) || !isWithin(traffic, scope)) return [];
    const counter: WindowCounter = {
      kind: 'WINDOW',
      workspaceId,
      metric,
      scope,
      ...windowAt(now, window),
    };
    const isOfWay = concernsWay(scope);
    return [{ counter, max, amount: figures[metric], words: wordsOf(name, window), isBudget: true, isOfWay }];
  });
}

/** A limit that was found reached and holds for this traffic; null when there is none. */
export function reachedLimit(
  limits: readonly LimitSnapshot[],
  traffic: Traffic,
  now: number,
): LimitSnapshot | null {
  return (
    limits.find(
      ({ reachedUntil, scope }) => reachedUntil !== null && now < reachedUntil && isWithin(traffic, scope),
    ) ?? null
  );
}

/** A limit in words. */
export function wordsOf(name: string, window: LimitSnapshot['window']): string {
  return `the limit "${name}" ${inWindow(window)}`;
}

/** Whether a limit may let one way pass and not another. */
export function concernsWay(scope: LimitScope): boolean {
  return scope.provider !== null || scope.connectionId !== null;
}

function isWithin(traffic: Traffic, scope: LimitScope): boolean {
  return (
    (scope.provider === null || scope.provider === traffic.provider) &&
    (scope.connectionId === null || scope.connectionId === traffic.connectionId) &&
    (scope.accessKeyId === null || scope.accessKeyId === traffic.accessKeyId) &&
    (scope.tierId === null || scope.tierId === traffic.tierId)
  );
}
