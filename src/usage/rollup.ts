/** Folds events into sums per hour and dimension. Pure, and the same however events are split into batches. */
import { bucketStart } from '../domain/time-range.js';
import { addTokens } from '../domain/tokens.js';
import type { UsageEvent } from '../domain/usage.js';
import type { RollupDelta, RollupKey, RollupSums } from '../persistence/usage-rows.js';
import { countInto, mergeHistograms } from './histogram.js';

/** Sums of `events`, one entry per key, in the order the keys first appear. */
export function foldEvents(events: readonly UsageEvent[]): RollupDelta[] {
  return mergeDeltas(events.map((event) => ({ key: keyOf(event), sums: sumsOf(event) })));
}

/** Adds up entries of the same key. */
export function mergeDeltas(deltas: readonly RollupDelta[]): RollupDelta[] {
  const byKey = new Map<string, RollupDelta>();
  for (const delta of deltas) {
    const id = JSON.stringify(delta.key);
    const known = byKey.get(id);
    byKey.set(id, known ? { key: known.key, sums: addSums(known.sums, delta.sums) } : delta);
  }
  return [...byKey.values()];
}

/** Both together. */
export function addSums(a: RollupSums, b: RollupSums): RollupSums {
  return {
    requests: a.requests + b.requests,
    attempts: a.attempts + b.attempts,
    tokens: addTokens(a.tokens, b.tokens),
    costNanoUsd: a.costNanoUsd + b.costNanoUsd,
    listCostNanoUsd: a.listCostNanoUsd + b.listCostNanoUsd,
    savedNanoUsd: a.savedNanoUsd + b.savedNanoUsd,
    unpricedRequests: a.unpricedRequests + b.unpricedRequests,
    durations: mergeHistograms(a.durations, b.durations),
    firstTokens: mergeHistograms(a.firstTokens, b.firstTokens),
  };
}

function keyOf(event: UsageEvent): RollupKey {
  return {
    workspaceId: event.workspaceId,
    hour: bucketStart(event.occurredAt, 'HOUR'),
    provider: event.provider ?? '',
    offering: event.offering ?? '',
    connectionId: event.connectionId ?? '',
    modelRef: event.modelRef ?? '',
    tierSlug: event.tierSlug ?? '',
    accessKeyId: event.accessKeyId,
    billing: event.billing ?? '',
    status: event.status,
  };
}

function sumsOf(event: UsageEvent): RollupSums {
  const durations: number[] = [];
  countInto(durations, event.durationMs);
  const firstTokens: number[] = [];
  if (event.firstTokenMs !== null) countInto(firstTokens, event.firstTokenMs);
  let saved = 0n;
  for (const { billing, costNanoUsd, listCostNanoUsd } of event.attempts) {
    if (billing === 'SUBSCRIPTION' && costNanoUsd !== null && listCostNanoUsd !== null)
      saved += listCostNanoUsd - costNanoUsd;
  }
  return {
    requests: 1,
    attempts: event.attempts.length,
    tokens: event.tokens,
    costNanoUsd: event.costNanoUsd ?? 0n,
    listCostNanoUsd: event.listCostNanoUsd ?? 0n,
    savedNanoUsd: saved,
    unpricedRequests: event.costNanoUsd === null ? 1 : 0,
    durations,
    firstTokens,
  };
}
