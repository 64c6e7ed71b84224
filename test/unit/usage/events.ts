/** Usage events for tests, drawn from a seeded generator so that a failure can be repeated. */
import { newId } from '../../../src/domain/ids.js';
import { HOUR_MS } from '../../../src/domain/time-range.js';
import type { UsageEvent } from '../../../src/domain/usage.js';
import type { AttemptRecord, EndRecord } from '../../../src/journal/record.js';
import { usageEventOf } from '../../../src/usage/price.js';
import { attemptRecord, endRecord, requestRecord, T0 } from '../journal/records.js';

export type Random = (below: number) => number;

/** Whole numbers from 0 to below the argument. */
export function seededRandom(seed: number): Random {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** An event with one attempt, at `T0` unless said otherwise. */
export function makeEvent(
  options: {
    at?: number;
    workspaceId?: string;
    attempt?: Partial<AttemptRecord>;
    end?: Partial<EndRecord>;
    key?: string;
    tier?: string;
  } = {},
): UsageEvent {
  const at = options.at ?? T0;
  const id = newId('event', at);
  const request = {
    ...requestRecord('event'),
    id,
    workspaceId: options.workspaceId ?? 'ws_1',
    accessKeyId: options.key ?? 'key_1',
    tierSlug: options.tier ?? null,
  };
  const end = endRecord('event', {
    request,
    occurredAt: at + 450,
    attempts: [attemptRecord(options.attempt)],
    ...options.end,
  });
  return usageEventOf({ kind: 'ended', end });
}

export function randomEvents(count: number, random: Random, workspaceId = 'ws_1'): UsageEvent[] {
  const one = <T>(of: readonly T[]): T => {
    const value = of[random(of.length)];
    if (value === undefined) throw new Error('nothing to choose from');
    return value;
  };
  return Array.from({ length: count }, () =>
    makeEvent({
      workspaceId,
      at: T0 + random(5) * HOUR_MS + random(1_000),
      key: one(['key_1', 'key_2']),
      ...(random(2) === 0 ? {} : { tier: 'simple' }),
      attempt: {
        provider: one(['zai', 'kimi']),
        modelRef: one(['zai/glm-5.1', 'kimi/k2']),
        billing: one(['SUBSCRIPTION', 'METERED', 'LOCAL']),
        ...(random(4) === 0 ? { price: null } : {}),
        tokens: {
          input: random(100_000),
          cacheRead: random(50_000),
          cacheWrite: random(1_000),
          output: random(8_000),
          reasoning: random(2) === 0 ? null : random(4_000),
        },
      },
      end: {
        status: one(['OK', 'FAILED', 'CANCELLED']),
        durationMs: random(90_000),
        firstTokenMs: random(2) === 0 ? null : random(5_000),
      },
    }),
  );
}
