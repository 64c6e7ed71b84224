/** Which weights an operator may set. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { checkWeights, DEFAULT_WEIGHTS, SIGNAL_WEIGHTS } from '../../../../src/routing/classify/weights.js';

describe('weights of an operator', () => {
  it('may be any of the shipped names, within bounds', () => {
    expect(checkWeights({})).toEqual([]);
    expect(checkWeights(DEFAULT_WEIGHTS)).toEqual([]);
    expect(checkWeights({ tool_count: 0.1, boundary_complex: 0.55 })).toEqual([]);
  });

  it('are refused by unknown names, the known ones listed', () => {
    const [problem, ...rest] = checkWeights({ toolCount: 0.1 });
    expect(rest).toEqual([]);
    expect(problem?.name).toBe('toolCount');
    expect(problem?.problem).toContain('tool_count');
  });

  it('are refused by names that every object has', () => {
    expect(checkWeights({ constructor: 0.1 })).toHaveLength(1);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, -1.5, 2])('are refused when %s', (weight) => {
    expect(checkWeights({ tool_count: weight })).toHaveLength(1);
  });

  it('are refused when the boundaries do not ascend', () => {
    expect(checkWeights({ boundary_standard: 0.6 })).toHaveLength(1);
    expect(checkWeights({ boundary_standard: 0 })).toHaveLength(1);
    expect(checkWeights({ boundary_reasoning: 0.5 })).toHaveLength(1);
  });
});

describe('the documentation', () => {
  const page = readFileSync(new URL('../../../../docs/classification.md', import.meta.url), 'utf8');

  it('states every weight as it is', () => {
    for (const [name, weight] of Object.entries(DEFAULT_WEIGHTS)) {
      const row = new RegExp(`\\| \`${name}\` +\\| +${String(weight).replace('-', '\\-')} +\\|`);
      expect(page, name).toMatch(row);
    }
  });

  it('says of every signal what it measures', () => {
    for (const { measures } of Object.values(SIGNAL_WEIGHTS)) expect(page).toContain(measures);
  });
});
