/**
 * Tells those who count requests what was recorded before they began to, and what requests used whose gateway died. The
 * recorded figures are the truth that counting starts from.
 */
import { boundsOf } from '../admission/bounds.js';
import type { Seed, Settlement, Unseeded } from '../admission/counter.js';
import { toAmount } from '../admission/figures.js';
import { JOURNAL_POLL_MS } from '../config/usage-limits.js';
import type { Clock } from '../domain/clock.js';
import { totalTokens } from '../domain/tokens.js';
import type { StoredUsageEvent } from '../domain/usage.js';
import type { Bus } from '../live/bus.js';
import type { Logger } from '../observability/logger.js';
import { measureUntil } from '../persistence/limits.js';
import type { Sql } from '../persistence/sql.js';
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
  const unsubscribe = bus.subscribe('usage.recorded', ({ events }) => {
    for (const event of events) {
      if (event.failure?.class !== 'INTERRUPTED') continue;
      const settlement = settlementOf(event, snapshot());
      if (settlement) settle(settlement);
    }
  });
  return {
    find(counters) {
      if (counters.length > 0) finding = finding.then(() => find(counters));
      return finding;
    },
    async close() {
      unsubscribe();
      await finding;
    },
  };
}

/** What a request used in each counter; null when its key or workspace is gone. */
export function settlementOf(event: StoredUsageEvent, snapshot: RoutingSnapshot | null): Settlement | null {
  const workspace = snapshot?.workspaces.find(({ id }) => id === event.workspaceId);
  const key = workspace?.accessKeys.find(({ id }) => id === event.accessKeyId);
  if (!workspace || !key) return null;
  const { accessKeyId, tierId, provider, connectionId, occurredAt } = event;
  const bounds = boundsOf({
    workspaceId: workspace.id,
    key,
    limits: workspace.limits ?? [],
    traffic: { accessKeyId, tierId, provider, connectionId },
    now: occurredAt,
    figures: {
      REQUESTS: 1,
      TOKENS: totalTokens(event.tokens),
      COST_USD: toAmount(event.costNanoUsd ?? 0n),
    },
  });
  return {
    id: event.id,
    at: occurredAt,
    amounts: bounds.map(({ counter, amount }) => ({ counter, amount })),
  };
}
