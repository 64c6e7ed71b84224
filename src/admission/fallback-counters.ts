/** Counters of all nodes, and those of this node alone for as long as the others cannot be reached. */
import type { Logger } from '../observability/logger.js';
import type { Counters } from './counter.js';

/** A request is settled where it was set aside. */
export function createFallbackCounters(shared: Counters, own: Counters, logger: Logger): Counters {
  const ofOwn = new Set<string>();
  let away = false;
  return {
    async reserve(reservation) {
      try {
        const answer = await shared.reserve(reservation);
        if (away) logger.info('counts are shared with other nodes again');
        away = false;
        return answer;
      } catch (error) {
        if (!away)
          logger.warn({ err: error }, 'counts cannot be shared with other nodes; this node counts alone');
        away = true;
        const answer = await own.reserve(reservation);
        if (answer.kind === 'RESERVED') ofOwn.add(reservation.id);
        return answer;
      }
    },
    settle(settlement) {
      (ofOwn.delete(settlement.id) ? own : shared).settle(settlement);
    },
  };
}
