/** Counters of all nodes, and those of this node alone for as long as the others cannot be reached. */
import type { Logger } from '../observability/logger.js';
import type { Counters, Settlement } from './counter.js';

export interface SharedCounters extends Counters {
  /** Counts a request that was admitted elsewhere. */
  adopt(settlement: Settlement): void;
}

/** A request is settled where it was set aside, and one that the shared counters missed there as well. */
export function createFallbackCounters(shared: SharedCounters, own: Counters, logger: Logger): Counters {
  const ofShared = new Set<string>();
  const ofOwn = new Set<string>();
  let away = false;
  return {
    async reserve(reservation) {
      try {
        const answer = await shared.reserve(reservation);
        if (away) logger.info('counts are shared with other nodes again');
        away = false;
        if (answer.kind === 'RESERVED') ofShared.add(reservation.id);
        return answer;
      } catch (error) {
        // What this node counted the last time is out of date.
        const anew = !away;
        if (anew)
          logger.warn({ err: error }, 'counts cannot be shared with other nodes; this node counts alone');
        away = true;
        const answer = await own.reserve({ ...reservation, anew });
        if (answer.kind === 'RESERVED') ofOwn.add(reservation.id);
        return answer;
      }
    },
    settle(settlement) {
      const { id } = settlement;
      const isOfShared = ofShared.delete(id);
      if (ofOwn.delete(id)) {
        own.settle(settlement);
        if (!isOfShared) shared.adopt(settlement);
      }
      if (isOfShared) shared.settle(settlement);
    },
  };
}
