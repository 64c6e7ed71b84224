/**
 * Folds events into sums per hour and dimension. Pure, and the same however events are split into batches. The recorder's
 * sums are made by the database from the rows it inserted; these are what they must equal, and what corrections are told
 * from.
 */
import { bucketStart } from '../domain/time-range.js';
import { addTokens, NO_TOKENS, totalTokens } from '../domain/tokens.js';
import type { UsageAttempt, UsageEvent } from '../domain/usage.js';
import type { RollupDelta, RollupKey, RollupSums } from '../persistence/usage-rows.js';
import { countInto, mergeHistograms } from '../domain/histogram.js';

/** No requests and no attempts. */
export const NO_SUMS: RollupSums = {
  requests: 0,
  attempts: 0,
  failedAttempts: 0,
  tokens: NO_TOKENS,
  costNanoUsd: 0n,
  listCostNanoUsd: 0n,
  savedNanoUsd: 0n,
  unpricedRequests: 0,
  unlistedTokens: 0,
  durations: [],
  firstTokens: [],
};

/** Sums of `events`, one entry per key, in the order the keys first appear. */
export function foldEvents(events: readonly UsageEvent[]): RollupDelta[] {
  return mergeDeltas(
    events.flatMap((event) => [
      { key: keyOf(event, event), sums: sumsOfRequest(event) },
      ...event.attempts.map((attempt) => ({
        key: keyOf(event, attempt),
        sums: sumsOfAttempt(event, attempt),
      })),
    ]),
  );
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
    failedAttempts: a.failedAttempts + b.failedAttempts,
    tokens: addTokens(a.tokens, b.tokens),
    costNanoUsd: a.costNanoUsd + b.costNanoUsd,
    listCostNanoUsd: a.listCostNanoUsd + b.listCostNanoUsd,
    savedNanoUsd: a.savedNanoUsd + b.savedNanoUsd,
    unpricedRequests: a.unpricedRequests + b.unpricedRequests,
    unlistedTokens: a.unlistedTokens + b.unlistedTokens,
    durations: mergeHistograms(a.durations, b.durations),
    firstTokens: mergeHistograms(a.firstTokens, b.firstTokens),
  };
}

type Names = Pick<UsageEvent, 'provider' | 'offering' | 'connectionId' | 'modelRef' | 'billing'>;

/** Key of an event's part that is named so. */
function keyOf(event: UsageEvent, names: Names): RollupKey {
  return {
    workspaceId: event.workspaceId,
    hour: bucketStart(event.occurredAt, 'HOUR'),
    provider: names.provider ?? '',
    offering: names.offering ?? '',
    connectionId: names.connectionId ?? '',
    modelRef: names.modelRef ?? '',
    tierSlug: event.tierSlug ?? '',
    accessKeyId: event.accessKeyId,
    billing: names.billing ?? '',
    status: event.status,
  };
}

function sumsOfRequest(event: UsageEvent): RollupSums {
  const durations: number[] = [];
  countInto(durations, event.durationMs);
  const firstTokens: number[] = [];
  if (event.firstTokenMs !== null) countInto(firstTokens, event.firstTokenMs);
  const unpricedRequests = event.costNanoUsd === null ? 1 : 0;
  return { ...NO_SUMS, requests: 1, unpricedRequests, durations, firstTokens };
}

/** The costs of a request whose cost is unknown are left out whole. */
function sumsOfAttempt(event: UsageEvent, attempt: UsageAttempt): RollupSums {
  const { billing, costNanoUsd, listCostNanoUsd } = attempt;
  const saves = billing === 'SUBSCRIPTION' && costNanoUsd !== null && listCostNanoUsd !== null;
  return {
    ...NO_SUMS,
    attempts: 1,
    failedAttempts: attempt.failure === null ? 0 : 1,
    tokens: attempt.tokens,
    costNanoUsd: event.costNanoUsd === null ? 0n : (costNanoUsd ?? 0n),
    listCostNanoUsd: event.listCostNanoUsd === null ? 0n : (listCostNanoUsd ?? 0n),
    unlistedTokens: event.listCostNanoUsd === null ? totalTokens(attempt.tokens) : 0,
    savedNanoUsd: saves ? listCostNanoUsd - costNanoUsd : 0n,
  };
}
