/**
 * What a request counts where once it has ended, by the rules of recorded usage: the request under the names of what
 * answered it, the tokens and costs of each attempt under the names of what was attempted.
 */
import type { SummedMetric } from '../domain/limits.js';
import type { NanoUsd } from '../domain/money.js';
import { boundsOf, type BoundsInput, type Traffic } from './bounds.js';
import { nameOf, type Counter, type Settlement } from './counter.js';
import { toAmount, type Figures } from './figures.js';

type Way = Pick<Traffic, 'provider' | 'connectionId'>;

/** A request that has ended. */
export interface UsedRequest extends Traffic {
  /** Of the usage event. */
  readonly id: string;
  /** When it was answered. */
  readonly occurredAt: number;
  /** Whether it was refused here: then it is no request to a limit. */
  readonly rejected: boolean;
  readonly attempts: readonly UsedAttempt[];
}

export interface UsedAttempt extends Way {
  readonly tokens: number;
  /** Null when its price is unknown. */
  readonly costNanoUsd: NanoUsd | null;
}

/** Who made the request, and what holds for it. */
export type Holder = Pick<BoundsInput, 'workspaceId' | 'key' | 'limits'>;

/** Counts in the windows of the request's end, as the recorder does. */
export function settlementOf(request: UsedRequest, holder: Holder): Settlement {
  const { id, occurredAt: now, accessKeyId, tierId } = request;
  const totals = new Map<string, { counter: Counter; amount: number }>();
  for (const { figures, ...way } of partsOf(request)) {
    const traffic: Traffic = { accessKeyId, tierId, ...way };
    for (const { counter, amount } of boundsOf({ ...holder, traffic, now, figures })) {
      // What a request counts for being made, it counts from its beginning and whatever became of it.
      if (counter.kind === 'RUNNING' || (counter.kind === 'MINUTE' && counter.metric === 'REQUESTS'))
        continue;
      const name = nameOf(counter);
      const total = totals.get(name);
      if (total) total.amount += amount;
      else totals.set(name, { counter, amount });
    }
  }
  return { id, at: now, amounts: [...totals.values()] };
}

/** What counts under the same names, together. */
function partsOf(request: UsedRequest): Iterable<Way & { readonly figures: Figures }> {
  const { rejected, attempts } = request;
  const parts = new Map<string | null, Way & { readonly figures: Figures }>();
  const add = ({ provider, connectionId }: Way, more: Partial<Figures>): void => {
    const { figures } = parts.get(connectionId) ?? { figures: NOTHING };
    const sum = (metric: SummedMetric): number => figures[metric] + (more[metric] ?? 0);
    parts.set(connectionId, {
      provider,
      connectionId,
      figures: { REQUESTS: sum('REQUESTS'), TOKENS: sum('TOKENS'), COST_USD: sum('COST_USD') },
    });
  };
  add(request, { REQUESTS: rejected ? 0 : 1 });
  // As in reports: where the cost of one attempt is unknown, so is that of the request.
  const isPriced = attempts.every(({ costNanoUsd }) => costNanoUsd !== null);
  for (const attempt of attempts) {
    add(attempt, {
      TOKENS: attempt.tokens,
      COST_USD: isPriced ? toAmount(attempt.costNanoUsd ?? 0n) : 0,
    });
  }
  return parts.values();
}

const NOTHING: Figures = { REQUESTS: 0, TOKENS: 0, COST_USD: 0 };
