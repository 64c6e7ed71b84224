/** Which targets the shipped tiers get from what is connected. */
import { describe, expect, it } from 'vitest';
import type { Billing } from '../../../src/domain/vocabulary.js';
import { suggestTargets, type SuggestibleModel } from '../../../src/routing/suggest-targets.js';

/** A model with dollars per million tokens of input; output costs four times as much. */
function model(
  ref: string,
  usd: number | null,
  billings: Billing | readonly Billing[],
  more: Partial<SuggestibleModel> = {},
): SuggestibleModel {
  const nano = (amount: number): bigint => BigInt(Math.round(amount * 1e9));
  return {
    ref,
    upstreamId: ref.slice(ref.indexOf('/') + 1),
    contextWindow: 200_000,
    capabilities: ['STREAMING', 'TOOLS'],
    price: usd === null ? null : { input: nano(usd), output: nano(4 * usd) },
    ways: [billings].flat().map((billing) => ({ billing, priority: 0 })),
    ...more,
  };
}

const THINKS = { capabilities: ['STREAMING', 'TOOLS', 'REASONING'] } as const;
const PLAN = [
  model('zai/glm-5.1', 1, 'SUBSCRIPTION', THINKS),
  model('zai/glm-4.7', 0.6, 'SUBSCRIPTION', THINKS),
  model('zai/glm-4.5-air', 0.1, 'SUBSCRIPTION'),
];

const listed = (
  models: readonly SuggestibleModel[],
  tier: keyof ReturnType<typeof suggestTargets>,
): string[] => suggestTargets(models)[tier].map(({ modelRef, billing }) => `${modelRef} ${billing}`);

describe('suggested targets', () => {
  it('are none when nothing is connected', () => {
    expect(Object.values(suggestTargets([])).flat()).toEqual([]);
    expect(Object.values(suggestTargets([model('zai/glm-5.1', 1, [])])).flat()).toEqual([]);
  });

  it('are the small model for what is simple, the strong ones for what is hard, in between for the rest', () => {
    expect(listed(PLAN, 'simple')).toEqual(['zai/glm-4.5-air SUBSCRIPTION', 'zai/glm-4.7 SUBSCRIPTION']);
    expect(listed(PLAN, 'complex')).toEqual(['zai/glm-5.1 SUBSCRIPTION', 'zai/glm-4.7 SUBSCRIPTION']);
    expect(listed(PLAN, 'standard')[0]).toBe('zai/glm-4.7 SUBSCRIPTION');
    expect(listed(PLAN, 'default')).toEqual(listed(PLAN, 'standard'));
  });

  it('think where reasoning is asked for', () => {
    const models = [...PLAN, model('openai/gpt-4o', 2.5, 'METERED')];
    expect(listed(models, 'complex')).toContain('openai/gpt-4o METERED');
    expect(listed(models, 'reasoning')).toEqual(['zai/glm-5.1 SUBSCRIPTION']);
  });

  it('are what is paid for, then what costs nothing, then what costs', () => {
    const models = [
      model('openai/gpt-5.5', 5, 'METERED', THINKS),
      model('openai/gpt-5-mini', 0.25, 'METERED', THINKS),
      model('ollama/qwen3-coder:480b', null, 'LOCAL', THINKS),
      model('zai/glm-5.1', 1, ['METERED', 'SUBSCRIPTION'], THINKS),
    ];
    expect(listed(models, 'reasoning')).toEqual([
      'zai/glm-5.1 SUBSCRIPTION',
      'ollama/qwen3-coder:480b LOCAL',
      'zai/glm-5.1 METERED',
      'openai/gpt-5.5 METERED',
    ]);
    expect(listed(models, 'simple').at(-1)).toBe('openai/gpt-5-mini METERED');
  });

  it('hold several ways to pay for one model side by side, however it is spelled', () => {
    const models = [
      model('zai/glm-5.1', 1, 'SUBSCRIPTION'),
      model('opencode-go/glm-5-1', null, 'SUBSCRIPTION'),
      model('nano-gpt/zai-org/GLM-5.1', 1.2, 'METERED'),
      model('kimi/k3', 0.95, 'SUBSCRIPTION'),
    ];
    expect(listed(models, 'complex')).toEqual([
      'opencode-go/glm-5-1 SUBSCRIPTION',
      'zai/glm-5.1 SUBSCRIPTION',
      'nano-gpt/zai-org/GLM-5.1 METERED',
    ]);
  });

  it('are at most five, of which one can be paid for when all plans are used up', () => {
    const plans = ['a', 'b', 'c', 'd', 'e', 'f'].map((name, index) =>
      model(`zai/${name}`, 1 + index / 10, 'SUBSCRIPTION'),
    );
    const models = [...plans, model('openai/gpt', 1.3, 'METERED')];
    expect(listed(plans, 'default')).toHaveLength(5);
    expect(listed(models, 'default')).toHaveLength(5);
    expect(listed(models, 'default').at(-1)).toBe('openai/gpt METERED');
  });

  it('leave out what lacks tools, as long as something has them', () => {
    const blunt = model('zai/plain', 0.05, 'SUBSCRIPTION', { capabilities: ['STREAMING'] });
    expect(listed([...PLAN, blunt], 'simple')).not.toContain('zai/plain SUBSCRIPTION');
    expect(listed([blunt], 'simple')).toEqual(['zai/plain SUBSCRIPTION']);
  });

  it('put models that hold little behind those that hold much', () => {
    const models = [
      model('zai/cramped', 1, 'SUBSCRIPTION', { contextWindow: 8_192 }),
      model('zai/roomy', 0.5, 'SUBSCRIPTION'),
    ];
    expect(listed(models, 'default')).toEqual(['zai/roomy SUBSCRIPTION', 'zai/cramped SUBSCRIPTION']);
  });

  it('never spend what no operator would expect', () => {
    const models = [
      model('openai/o1-pro', 150, 'METERED', THINKS),
      model('openai/gpt-5.5', 5, 'METERED', THINKS),
    ];
    expect(Object.values(suggestTargets(models)).flat()).not.toContainEqual(
      expect.objectContaining({ modelRef: 'openai/o1-pro' }),
    );
  });

  it('tell local models apart by the size in their names', () => {
    const models = [model('ollama/qwen3:8b', null, 'LOCAL'), model('ollama/qwen3:235b', null, 'LOCAL')];
    expect(listed(models, 'simple')[0]).toBe('ollama/qwen3:8b LOCAL');
    expect(listed(models, 'complex')).toEqual(['ollama/qwen3:235b LOCAL']);
  });

  it('are the same in whatever order models come', () => {
    const models = [...PLAN, model('kimi/k3', 1, 'SUBSCRIPTION'), model('openai/gpt', 1, 'METERED')];
    expect(suggestTargets(models.toReversed())).toEqual(suggestTargets(models));
  });
});
