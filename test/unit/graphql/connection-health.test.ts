/** Whether a model can be had through a connection now, as it is shown, and why not. */
import DataLoader from 'dataloader';
import { expect, it } from 'vitest';
import type { Cooldown } from '../../../src/domain/cooldown.js';
import type { QuotaReading } from '../../../src/domain/quota.js';
import type { HealthRecord } from '../../../src/domain/records.js';
import type { FailureClass } from '../../../src/domain/vocabulary.js';
import { whyHeldBack } from '../../../src/graphql/connection/health.js';
import { connection } from './world.js';

const NOW = Date.UTC(2026, 10, 22, 12);
const MODEL = 'zai/glm-5.1';

function why(
  cooldowns: readonly Cooldown[],
  health: Partial<HealthRecord> = {},
  readings: readonly QuotaReading[] = [],
): Promise<FailureClass | null> {
  const known = connection('conn_1');
  const context = {
    loaders: {
      cooldowns: new DataLoader(() => Promise.resolve([cooldowns])),
      quotaWindows: new DataLoader(() => Promise.resolve([readings])),
    },
    services: { clock: { now: () => NOW, monotonic: () => 0 } },
  };
  return whyHeldBack({ ...known, health: { ...known.health, ...health } }, MODEL, context as never);
}

const cooldown = (changes: Partial<Cooldown>): Cooldown => ({
  modelRef: null,
  class: 'QUOTA_EXHAUSTED',
  since: NOW - 1,
  until: NOW + 1,
  failures: 1,
  ...changes,
});

it('is told by a cool-down of the connection or of the model, as long as it lasts', async () => {
  expect(await why([])).toBeNull();
  expect(await why([cooldown({})])).toBe('QUOTA_EXHAUSTED');
  expect(await why([cooldown({ modelRef: MODEL, class: 'RATE_LIMITED' })])).toBe('RATE_LIMITED');
  expect(await why([cooldown({ modelRef: 'zai/glm-5.2' }), cooldown({ until: NOW })])).toBeNull();
});

it('is told by what was found wrong with the connection, not by what passes by itself', async () => {
  expect(await why([], { state: 'UNHEALTHY', reason: 'AUTHENTICATION' })).toBe('AUTHENTICATION');
  expect(await why([], { state: 'DEGRADED', reason: 'QUOTA_EXHAUSTED' })).toBeNull();
});

it('is told by a window of the plan that is used up, until it starts afresh', async () => {
  const reading: QuotaReading = {
    name: '5h',
    windowSeconds: 18_000,
    unit: 'SHARE',
    limit: null,
    used: null,
    usedFraction: 1,
    resetsAt: NOW + 1,
    source: 'REPORTED',
    observedAt: NOW,
  };
  expect(await why([], {}, [reading])).toBe('QUOTA_EXHAUSTED');
  expect(await why([], {}, [{ ...reading, usedFraction: 0.9 }])).toBeNull();
  expect(await why([], {}, [{ ...reading, resetsAt: NOW - 1 }])).toBeNull();
  expect(await why([], {}, [{ ...reading, models: ['zai/glm-5.2'] }])).toBeNull();
});
