/** Orders of plans that were tried for EXPIRING_FIRST and not taken, kept so that their figures can be had again. */
import { isCurrent, paceOf, type QuotaReading } from '../../src/domain/quota.js';
import type { Candidate, Conditions } from '../../src/routing/decision.js';

type Rank = (windows: readonly QuotaReading[], now: number) => number;
type Arrange = (candidates: readonly Candidate[], conditions: Conditions) => readonly Candidate[];

const longest = (windows: readonly QuotaReading[]): QuotaReading | undefined =>
  [...windows]
    .filter(({ resetsAt }) => resetsAt !== null)
    .sort((a, b) => (b.windowSeconds ?? 0) - (a.windowSeconds ?? 0))[0];

const rateOf = ({ usedFraction, resetsAt }: QuotaReading, now: number): number =>
  (1 - usedFraction) / Math.max((resetsAt ?? Infinity) - now, 60_000);

export const ALTERNATIVES: Readonly<Record<string, Arrange>> = {
  'soonest reset of any window': plansBy((windows) =>
    Math.min(...windows.map(({ resetsAt }) => resetsAt ?? Infinity)),
  ),
  'soonest reset of the longest window': plansBy((windows) => longest(windows)?.resetsAt ?? Infinity),
  'share left per hour left, longest window only': plansBy((windows, now) => {
    const window = longest(windows);
    return window ? -rateOf(window, now) : 0;
  }),
  'least used share of the longest window': plansBy((windows) => longest(windows)?.usedFraction ?? 1),
  'furthest behind its pace': plansBy((windows, now) => {
    const window = longest(windows);
    if (!window || paceOf(window, now) === 'EXHAUSTED') return 1;
    const left = ((window.resetsAt ?? now) - now) / ((window.windowSeconds ?? 1) * 1_000);
    return window.usedFraction - (1 - left);
  }),
};

/** Usable plans by rank, least first; then the others as listed. */
function plansBy(rank: Rank): Arrange {
  return (candidates, { quota, now }) => {
    const rankOf = ({ skip, route }: Candidate): number => {
      if (skip !== null || route?.connection.billing !== 'SUBSCRIPTION') return Infinity;
      const current = quota(route.connection.id).filter((window) => isCurrent(window, now));
      // Below the rank of what is no plan, even when nothing is known.
      return Math.min(rank(current, now), Number.MAX_VALUE);
    };
    const ranked = candidates.map((candidate) => ({ candidate, rank: rankOf(candidate) }));
    return ranked.sort((a, b) => (a.rank === b.rank ? 0 : a.rank - b.rank)).map(({ candidate }) => candidate);
  };
}
