/**
 * Tells those who count requests what was recorded before they began to, and what requests used whose gateway died. The
 * recorded figures are the truth that counting starts from.
 */
import type { Seed, Settlement, Unseeded } from '../admission/counter.js';
import { toAmount } from '../admission/figures.js';
import { settlementOf } from '../admission/settlement.js';
import { JOURNAL_POLL_MS } from '../config/usage-limits.js';
import type { Clock } from '../domain/clock.js';
import { totalTokens } from '../domain/tokens.js';
import type { StoredUsageEvent, UsageAttempt } from '../domain/usage.js';
import type { Bus } from '../live/bus.js';
import type { Logger } from '../observability/logger.js';
import { measureUntil } from '../persistence/limits.js';
import type { Sql } from '../persistence/sql.js';
import { findUsageAttempts } from '../persistence/usage-events.js';
import type { RoutingSnapshot } from '../routing/snapshot.js';
import type { Recorder } from './recorder.js';

export interface CounterSeedsDeps {
  readonly sql: Sql;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly recorder: Pick<Recorder, 'lag'>;
  /** The configuration in force. */
  readonly snapshot: () => RoutingSnapshot | null;
  readonly seed: (seeds: readonly Seed[]) => void;
  readonly settle: (settlement: Settlement) => void;
}

export interface CounterSeeds {
  /** Looks up what counters need to know, and says it. */
  find(counters: readonly Unseeded[]): Promise<void>;
  close(): Promise<void>;
}

/** What a gateway wrote before it died is read within this; until then a counter would begin too low. */
const CATCH_UP_MS = 1_000;

export function createCounterSeeds(deps: CounterSeedsDeps): CounterSeeds {
  const { sql, bus, clock, logger, recorder, snapshot, seed, settle } = deps;
  let finding = Promise.resolve();
  let settling = Promise.resolve();
  const readFromMs = clock.monotonic() + 2 * JOURNAL_POLL_MS;

  const caughtUp = async (): Promise<void> => {
    const patience = clock.monotonic() + CATCH_UP_MS;
    while (clock.monotonic() < patience) {
      const { records } = recorder.lag();
      if (records === 0 && clock.monotonic() >= readFromMs) return;
      await new Promise((resolve) => setTimeout(resolve, JOURNAL_POLL_MS));
    }
  };
  const find = async (counters: readonly Unseeded[]): Promise<void> => {
    await caughtUp();
    for (const { counter, since } of counters) {
      const { workspaceId, scope, from, to, metric } = counter;
      try {
        const sums = await measureUntil(sql, { workspaceId, scope, from, to: Math.min(since, to) });
        const amounts = { COST_USD: sums.costNanoUsd, TOKENS: sums.tokens, REQUESTS: sums.requests };
        seed([{ counter, amount: toAmount(amounts[metric]) }]);
      } catch (error) {
        logger.warn({ err: error }, 'what was used before could not be read; counting goes on without');
      }
    }
  };
  /** Their gateway died: nobody else will say what they used. */
  const settleInterrupted = async (
    workspaceId: string,
    events: readonly StoredUsageEvent[],
  ): Promise<void> => {
    const ids = events.map(({ id }) => id);
    const attempts = await findUsageAttempts(sql, workspaceId, ids);
    for (const [i, event] of events.entries()) {
      const settlement = settlementOfEvent(event, attempts[i] ?? [], snapshot());
      if (settlement) settle(settlement);
    }
  };
  const unsubscribe = bus.subscribe('usage.recorded', ({ workspaceId, events }) => {
    const interrupted = events.filter(({ failure }) => failure?.class === 'INTERRUPTED');
    if (interrupted.length === 0) return;
    settling = settling
      .then(() => settleInterrupted(workspaceId, interrupted))
      .catch((error: unknown) =>
        logger.warn({ err: error }, 'what interrupted requests used was not counted towards limits'),
      );
  });
  return {
    find(counters) {
      if (counters.length > 0) finding = finding.then(() => find(counters));
      return finding;
    },
    async close() {
      unsubscribe();
      await Promise.all([finding, settling]);
    },
  };
}

/** What a request used in each counter; null when its key or workspace is gone. */
export function settlementOfEvent(
  event: StoredUsageEvent,
  attempts: readonly UsageAttempt[],
  snapshot: RoutingSnapshot | null,
): Settlement | null {
  const workspace = snapshot?.workspaces.find(({ id }) => id === event.workspaceId);
  const key = workspace?.accessKeys.find(({ id }) => id === event.accessKeyId);
  if (!workspace || !key) return null;
  const used = {
    ...event,
    rejected: event.status === 'REJECTED',
    attempts: attempts.map((attempt) => ({ ...attempt, tokens: totalTokens(attempt.tokens) })),
  };
  return settlementOf(used, { workspaceId: workspace.id, key, limits: workspace.limits ?? [] });
}
