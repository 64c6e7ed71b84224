import { describe, expect, it } from 'vitest';
import { describeModel, type FactsLookup } from '../../../src/discovery/describe-model.js';
import { kindByName } from '../../../src/discovery/model-kind.js';
import { planPrices } from '../../../src/discovery/plan-prices.js';
import { findOffering, findProvider } from '../../../src/providers/registry.js';

const zai = findProvider('zai');
const offering = zai && findOffering(zai, 'coding-plan');
if (!offering) throw new Error('the offering is gone');
const NOW = 1_000;
const prices = (input: bigint) => ({ input, output: 2n, cacheRead: null, cacheWrite: null });
const catalogue: FactsLookup = () => ({
  displayName: 'From the catalogue',
  contextWindow: 10,
  maxOutputTokens: 5,
  capabilities: ['TOOLS'],
  kind: 'CHAT',
  prices: prices(1n),
  asOf: '2026-07-02',
});

describe('a described model', () => {
  it('takes the provider’s word first and the catalogue’s for what is left', () => {
    const listed = {
      upstreamId: 'm',
      contextWindow: 99,
      capabilities: ['VISION'] as const,
      prices: prices(7n),
    };
    expect(describeModel(offering, listed, catalogue, NOW)).toMatchObject({
      displayName: 'From the catalogue',
      contextWindow: 99,
      maxOutputTokens: 5,
      capabilities: ['STREAMING', 'TOOLS', 'VISION'],
      price: { source: 'PROVIDER', prices: prices(7n), asOf: NOW },
    });
    const price = { source: 'CATALOG', prices: prices(1n), asOf: Date.UTC(2026, 6, 2) };
    expect(describeModel(offering, { upstreamId: 'm' }, catalogue, NOW).price).toEqual(price);
  });

  it('takes a price the provider publishes before the catalogue’s, and after one in its list', () => {
    const published = {
      ...prices(5n),
      perRequest: 3n,
      timesOfDay: [{ windows: ['01:00-04:00'], ...prices(6n) }],
    };
    const publishing = { ...offering, publishedPrices: { asOf: '2026-08-22', models: { m: published } } };
    expect(describeModel(publishing, { upstreamId: 'm' }, catalogue, NOW).price).toEqual({
      source: 'PROVIDER',
      prices: published,
      asOf: Date.UTC(2026, 7, 22),
    });
    const listed = { upstreamId: 'm', prices: prices(7n) };
    expect(describeModel(publishing, listed, catalogue, NOW).price?.prices).toEqual(prices(7n));
    expect(describeModel(publishing, { upstreamId: 'n' }, catalogue, NOW).price?.source).toBe('CATALOG');
  });

  it('that nobody knows has its id for a name, and unknowns stay unknown', () => {
    expect(describeModel(offering, { upstreamId: 'm' }, () => null, NOW)).toMatchObject({
      displayName: 'm',
      kind: 'CHAT',
      contextWindow: null,
      maxOutputTokens: null,
      price: null,
    });
  });
});

describe('a kind told from a name', () => {
  it.each(['text-embedding-3-large', 'nomic-embed-text', 'Qwen/Qwen3-Embedding-8B', 'embedding-3', 'bge-m3'])(
    'is embedding for %s',
    (id) => expect(kindByName(id)).toBe('EMBEDDING'),
  );
  it.each([
    'whisper-large',
    'gpt-4o-mini-tts',
    'dall-e-3',
    'flux-1',
    'cogview-4',
    'sora-2',
    'omni-moderation-latest',
  ])('is other for %s', (id) => expect(kindByName(id)).toBe('OTHER'));
  it.each([
    'glm-5.1',
    'kimi-k2.7-code',
    'deepseek-v4-pro',
    'influx-7b',
    'gemini-3-pro',
    'veosage-1',
    'gpt-oss:120b',
  ])('is chat for %s', (id) => expect(kindByName(id)).toBe('CHAT'));
});

describe('planned prices', () => {
  const inForce = { id: 'price_1', ...prices(1n), source: 'PROVIDER' as const, asOf: 1 };
  const stated = { prices: prices(1n), source: 'PROVIDER' as const, asOf: NOW };
  const plan = (comparison: Omit<Parameters<typeof planPrices>[0][number], 'modelId'>) =>
    planPrices([{ modelId: 'mdl_1', ...comparison }], NOW);

  it('confirm what is unchanged and replace what changed', () => {
    expect(plan({ inForce, stated })).toEqual({
      ended: [],
      confirmed: [{ id: 'price_1', asOf: NOW }],
      begun: [],
    });
    const changed = plan({ inForce, stated: { ...stated, prices: prices(3n) } });
    expect(changed).toMatchObject({
      ended: ['price_1'],
      confirmed: [],
      begun: [{ modelId: 'mdl_1', input: 3n }],
    });
  });

  it('keep a price that is no longer stated, or only stated by a lesser source', () => {
    const nothing = { ended: [], confirmed: [], begun: [] };
    expect(plan({ inForce, stated: null })).toEqual(nothing);
    expect(plan({ inForce, stated: { ...stated, source: 'CATALOG', prices: prices(9n) } })).toEqual(nothing);
    expect(plan({ inForce: { ...inForce, source: 'OVERRIDE' }, stated })).toEqual(nothing);
  });
});
