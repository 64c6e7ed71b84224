/** The order in which a tier's candidates are tried: its strategy, then the conversation's own connection. */
import type { TargetStrategy } from '../domain/vocabulary.js';
import type { Affinity, Candidate, Conditions, RequestTraits } from './decision.js';
import { estimateCost } from './estimate-cost.js';
import { aheadUntil, wasteRateOf } from './quota-outlook.js';

/** Candidates in the order of the strategy. Skipped ones keep a place, so that whoever reads it sees them where they would be. */
export function inStrategyOrder(
  strategy: TargetStrategy,
  candidates: readonly Candidate[],
  traits: RequestTraits,
  conditions: Conditions,
): readonly Candidate[] {
  switch (strategy) {
    case 'ORDERED':
      return candidates;
    case 'SUBSCRIPTION_FIRST':
      return usablePlansFirst(candidates);
    case 'EXPIRING_FIRST':
      return sortedBy(candidates, (candidate) => urgencyRank(candidate, conditions));
    case 'PACED':
      return usablePlansFirst(candidates.map((candidate) => heldByPace(candidate, conditions)));
    case 'LOWEST_COST':
      return sortedBy(candidates, (candidate) => costOf(candidate, traits, conditions.now));
    case 'LOWEST_LATENCY':
      return sortedBy(candidates, (candidate) => latencyOf(candidate, conditions));
  }
}

/** Puts where the conversation's cache is warm first, if that can be used. */
export function withAffinityFirst(
  candidates: readonly Candidate[],
  conditions: Conditions,
): readonly Candidate[] {
  // Which conversation it is takes a hash to know, and here it has nowhere else to go.
  if (candidates.length < 2) return candidates;
  const { affinity } = conditions;
  if (affinity === null) return candidates;
  const home = candidates.find((candidate) => candidate.skip === null && isHome(candidate, affinity));
  if (!home || home === candidates[0]) return candidates;
  return [home, ...candidates.filter((candidate) => candidate !== home)];
}

function isHome({ route, modelRef }: Candidate, affinity: Affinity): boolean {
  return route?.connection.id === affinity.connectionId && modelRef === affinity.modelRef;
}

function isUsablePlan({ skip, route }: Candidate): boolean {
  return skip === null && route?.connection.billing === 'SUBSCRIPTION';
}

/** Least first: plans by how fast they go to waste, then those nothing is known of, then what is no usable plan. */
function urgencyRank(candidate: Candidate, conditions: Conditions): number {
  const { route, modelRef } = candidate;
  if (!isUsablePlan(candidate) || route === null) return Number.POSITIVE_INFINITY;
  return -wasteRateOf(conditions.quota(route.connection.id), modelRef, conditions.now);
}

/**
 * A plan that is used faster than time passes waits, unless nothing else can serve. A conversation that is there already
 * stays: moved, it would send everything once more elsewhere.
 */
function heldByPace(candidate: Candidate, conditions: Conditions): Candidate {
  const { modelRef, route, protocol, tier } = candidate;
  if (!isUsablePlan(candidate) || route === null) return candidate;
  const until = aheadUntil(conditions.quota(route.connection.id), modelRef, conditions.now);
  if (until === null) return candidate;
  const { affinity } = conditions;
  if (affinity !== null && isHome(candidate, affinity)) return candidate;
  // Written out: spreading an object takes longer than all else here.
  return { modelRef, route, protocol, skip: 'HELD_BY_PACE', until, lastResort: true, tier };
}

/** An unknown price is no low price. */
function costOf({ route }: Candidate, traits: RequestTraits, now: number): number {
  const cost = route === null ? null : estimateCost(route, traits, now);
  return cost === null ? Number.POSITIVE_INFINITY : Number(cost);
}

/** What was not measured lately goes first, so that it is. */
function latencyOf({ route, modelRef }: Candidate, conditions: Conditions): number {
  return route === null
    ? Number.POSITIVE_INFINITY
    : (conditions.firstTokenMs(route.connection.id, modelRef) ?? 0);
}

/** Among themselves they stay as listed. */
function usablePlansFirst(candidates: readonly Candidate[]): readonly Candidate[] {
  const others = candidates.filter((candidate) => !isUsablePlan(candidate));
  return others.length === 0 ? candidates : [...candidates.filter(isUsablePlan), ...others];
}

/** Least first; equals stay as listed. */
function sortedBy(
  candidates: readonly Candidate[],
  keyOf: (candidate: Candidate) => number,
): readonly Candidate[] {
  const keyed = candidates.map((candidate) => ({ candidate, key: keyOf(candidate) }));
  // Not by their difference: two infinite keys have none, and every other one is an object of its own.
  keyed.sort((a, b) => (a.key === b.key ? 0 : a.key < b.key ? -1 : 1));
  return keyed.map(({ candidate }) => candidate);
}
