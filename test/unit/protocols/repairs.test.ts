import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { REASONING_EFFORTS, type ReasoningEffort } from '../../../src/protocols/canonical.js';
import {
  budgetOfEffort,
  clampOutput,
  effortOfBudget,
  nearestEffort,
  plainToolId,
  THINKING_BUDGET_MIN_TOKENS,
  toolIdFor,
} from '../../../src/protocols/repairs.js';
import { NO_QUIRKS, type Target } from '../../../src/protocols/target.js';

const target = (maxOutputTokens: number | null): Target => ({
  model: 'a/b',
  upstreamId: 'b',
  maxOutputTokens,
  capabilities: [],
  quirks: NO_QUIRKS,
});

describe('the bound on output', () => {
  it.each([
    [4_096, 32_768, { value: 4_096, clamped: false }],
    [64_000, 32_768, { value: 32_768, clamped: true }],
    [64_000, null, { value: 64_000, clamped: false }],
    [null, 32_768, { value: null, clamped: false }],
  ])('%s against a model that writes %s', (wanted, most, bound) => {
    expect(clampOutput(wanted, target(most))).toEqual(bound);
  });
});

describe('the nearest effort', () => {
  it.each<[ReasoningEffort, readonly ReasoningEffort[] | undefined, ReasoningEffort]>([
    ['xhigh', undefined, 'xhigh'],
    ['xhigh', [], 'xhigh'],
    ['medium', ['none', 'low', 'medium', 'high'], 'medium'],
    ['max', ['low', 'medium', 'high'], 'high'],
    ['minimal', ['none', 'low', 'medium'], 'low'],
    // As far to either side: the higher.
    ['medium', ['low', 'high'], 'high'],
    ['xhigh', ['high', 'max'], 'max'],
    // Not to think where the model always does.
    ['none', ['low', 'high', 'max'], 'low'],
    ['high', ['none'], 'none'],
  ])('of %s among %j is %s', (effort, efforts, nearest) => {
    expect(nearestEffort(effort, efforts)).toBe(nearest);
  });

  it('is always one that the model knows, and thinks whenever it can and was asked to', () => {
    const efforts = fc.uniqueArray(fc.constantFrom(...REASONING_EFFORTS), { minLength: 1 });
    fc.assert(
      fc.property(fc.constantFrom(...REASONING_EFFORTS), efforts, (effort, known) => {
        const nearest = nearestEffort(effort, known);
        expect(known).toContain(nearest);
        if (effort !== 'none' && known.some((one) => one !== 'none')) expect(nearest).not.toBe('none');
      }),
    );
  });
});

describe('efforts and budgets', () => {
  it.each(['none', 'low', 'medium', 'high'] as const)('stand for each other: %s', (effort) => {
    expect(effortOfBudget(budgetOfEffort(effort, null))).toBe(effort);
  });

  it.each([
    [0, 'none'],
    [-1, 'none'],
    [1_024, 'low'],
    [4_000, 'low'],
    [10_000, 'medium'],
    [16_000, 'high'],
    [31_999, 'high'],
    [1_000_000, 'high'],
  ] as const)('%s tokens are the effort %s', (tokens, effort) => {
    expect(effortOfBudget(tokens)).toBe(effort);
  });

  it('grow with the effort', () => {
    const budgets = REASONING_EFFORTS.map((effort) => budgetOfEffort(effort, null));
    expect(budgets).toEqual(budgets.toSorted((a, b) => a - b));
    expect(new Set(budgets).size).toBe(budgets.length);
  });

  it('leave room for the answer, and are nothing where there is no room to think', () => {
    expect(budgetOfEffort('max', 32_000)).toBe(25_600);
    expect(budgetOfEffort('low', 32_000)).toBe(4_096);
    expect(budgetOfEffort('high', 1_024)).toBe(0);
    fc.assert(
      fc.property(fc.constantFrom(...REASONING_EFFORTS), fc.nat(200_000), (effort, most) => {
        const budget = budgetOfEffort(effort, most);
        expect(budget === 0 || (budget >= THINKING_BUDGET_MIN_TOKENS && budget < most)).toBe(true);
      }),
    );
  });
});

describe('ids of tool calls', () => {
  it('stay as they are where any form is taken', () => {
    expect(toolIdFor('call_a.b:0', undefined)).toBe('call_a.b:0');
  });

  it('get nine letters and digits, always the same for the same id', () => {
    expect(toolIdFor('Ab3dE6gH9', 'nine-alphanumerics')).toBe('Ab3dE6gH9');
    fc.assert(
      fc.property(fc.string(), (id) => {
        const written = toolIdFor(id, 'nine-alphanumerics');
        expect(written).toMatch(/^[a-zA-Z0-9]{9}$/);
        expect(toolIdFor(id, 'nine-alphanumerics')).toBe(written);
        expect(toolIdFor(written, 'nine-alphanumerics')).toBe(written);
      }),
    );
  });

  it('do not fall together', () => {
    const ids = Array.from({ length: 5_000 }, (_, index) => `call_${index}`);
    expect(new Set(ids.map((id) => toolIdFor(id, 'nine-alphanumerics'))).size).toBe(ids.length);
    expect(plainToolId('functions.read:0')).not.toBe(plainToolId('functions_read_0'));
  });

  it('get a plain form of at most 40 characters, which is their own where it fits', () => {
    expect(plainToolId('toolu_01A-b')).toBe('toolu_01A-b');
    fc.assert(
      fc.property(fc.string(), (id) => {
        expect(plainToolId(id)).toMatch(/^[a-zA-Z0-9_-]{1,40}$/);
        expect(plainToolId(plainToolId(id))).toBe(plainToolId(id));
      }),
    );
  });
});
