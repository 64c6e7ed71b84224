import { describe, expect, test } from 'vitest';
import { formatUsd } from '../../../src/domain/money.js';
import catalogFile from '../../../src/discovery/catalog/catalog.json' with { type: 'json' };
import { type CatalogFacts, factsFor } from '../../../src/discovery/catalog/catalog.js';
import { spellingsOf } from '../../../src/discovery/catalog/spelling.js';
import type { OfferingDefinition } from '../../../src/providers/define-provider.js';
import { allProviders, findOffering, findProvider } from '../../../src/providers/registry.js';

const offeringOf = (slug: string, code: string): OfferingDefinition => {
  const provider = findProvider(slug);
  const offering = provider && findOffering(provider, code);
  if (!offering) throw new Error(`no offering ${slug}/${code}`);
  return offering;
};

const priceOf = (facts: CatalogFacts | null): string | null =>
  facts?.prices ? `${formatUsd(facts.prices.input)}/${formatUsd(facts.prices.output)}` : null;

describe('the facts of a plan', () => {
  const plan = offeringOf('zai', 'coding-plan');

  test('are its own windows, with the list price of the same model where it is sold per token', () => {
    const facts = factsFor(plan, 'glm-5.1');
    expect(facts).toMatchObject({
      displayName: 'GLM-5.1',
      contextWindow: 200_000,
      maxOutputTokens: 131_072,
      kind: 'CHAT',
      asOf: '2026-07-02',
    });
    expect(facts?.capabilities).toEqual(expect.arrayContaining(['STREAMING', 'TOOLS', 'REASONING']));
    expect(priceOf(facts)).toBe('1.4/4.4');
  });

  test('differ between plans for the same model', () => {
    const windows = [
      factsFor(plan, 'glm-5.1'),
      factsFor(offeringOf('opencode-go', 'go'), 'glm-5.1'),
      factsFor(offeringOf('ollama-cloud', 'cloud'), 'glm-5.2'),
    ].map((facts) => [facts?.contextWindow, facts?.maxOutputTokens]);
    expect(windows).toEqual([
      [200_000, 131_072],
      [202_752, 32_768],
      [976_000, 131_072],
    ]);
  });

  test('are null for a model nobody knows', () => {
    expect(factsFor(plan, 'glm-99-imaginary')).toBeNull();
    expect(factsFor(plan, 'constructor')).toBeNull();
  });
});

describe('a list price', () => {
  test.each([
    ['kimi', 'coding-plan', 'k2p7', 'moonshotai', 'kimi-k2.7-code'],
    ['kimi', 'coding-plan', 'kimi-for-coding', 'moonshotai', 'kimi-k2.7-code'],
    ['kimi', 'coding-plan', 'kimi-k2-thinking', 'moonshotai', 'kimi-k2-thinking'],
    ['ollama-cloud', 'cloud', 'glm-5.1', 'zai', 'glm-5.1'],
    ['ollama-cloud', 'cloud', 'kimi-k2.6', 'moonshotai', 'kimi-k2.6'],
    ['ollama-cloud', 'cloud', 'minimax-m3', 'minimax', 'MiniMax-M3'],
    ['ollama-cloud', 'cloud', 'gemma3:27b', 'openrouter', 'google/gemma-3-27b-it'],
    ['ollama-cloud', 'cloud', 'gpt-oss:120b', 'openrouter', 'openai/gpt-oss-120b'],
    ['nano-gpt', 'subscription', 'zai-org/glm-5.1', 'nano-gpt', 'zai-org/glm-5.1'],
    [
      'nano-gpt',
      'subscription',
      'moonshotai/kimi-k2.6:thinking',
      'nano-gpt',
      'moonshotai/kimi-k2.6:thinking',
    ],
    ['opencode-go', 'go', 'kimi-k2.7-code', 'opencode-go', 'kimi-k2.7-code'],
    ['opencode', 'zen', 'claude-sonnet-4-6', 'opencode', 'claude-sonnet-4-6'],
  ])('of %s/%s %s is that of %s %s', (slug, code, upstreamId, catalogId, catalogModel) => {
    const raw = catalogFile as unknown as {
      providers: Record<string, Record<string, { price?: number[] } | undefined> | undefined>;
    };
    const price = raw.providers[catalogId]?.[catalogModel]?.price;
    expect(price).toBeDefined();
    expect(priceOf(factsFor(offeringOf(slug, code), upstreamId))).toBe(`${price?.[0]}/${price?.[1]}`);
  });

  test('is left out, not zero, when no one sells the model per token', () => {
    const facts = factsFor(offeringOf('opencode', 'zen'), 'big-pickle');
    expect(facts).not.toBeNull();
    expect(facts).not.toHaveProperty('prices');
  });

  test('is above zero wherever it is known, for every model of every offering', () => {
    for (const { slug, offerings } of allProviders()) {
      for (const offering of offerings) {
        for (const id of offering.catalog.facts.flatMap((catalogId) => modelsOf(catalogId))) {
          const prices = factsFor(offering, id)?.prices;
          if (!prices) continue;
          expect(prices.input + prices.output, `${slug} ${id}`).toBeGreaterThan(0n);
          expect(prices.cacheRead, `${slug} ${id}`).not.toBe(0n);
          expect(prices.cacheWrite, `${slug} ${id}`).not.toBe(0n);
        }
      }
    }
  });

  test('is known for nearly everything the plans serve', () => {
    const unpriced = ['kimi', 'opencode-go', 'ollama-cloud', 'zai'].flatMap((slug) => {
      const offering = findProvider(slug)?.offerings[0];
      if (!offering) throw new Error(`no offering of ${slug}`);
      return modelsOf(offering.catalog.facts[0] ?? '')
        .filter((id) => !factsFor(offering, id)?.prices)
        .map((id) => `${slug}/${id}`);
    });
    expect(unpriced).toEqual(UNPRICED);
  });
});

/** Models of the four plans that no one sells per token, in this copy of the catalogue. */
const UNPRICED: readonly string[] = ['ollama-cloud/devstral-small-2:24b', 'ollama-cloud/rnj-1:8b'];

test('a model that does not chat is said not to', () => {
  const source = { catalog: { facts: ['openai'], prices: ['openai'] } };
  expect(factsFor(source, 'text-embedding-3-small')?.kind).toBe('EMBEDDING');
  expect(factsFor(source, 'gpt-image-2')?.kind).toBe('OTHER');
});

test('every catalogue that an offering names is in the file', () => {
  for (const { offerings } of allProviders()) {
    for (const { catalog } of offerings) {
      for (const id of [...catalog.facts, ...catalog.prices])
        expect(Object.keys(catalogFile.providers)).toContain(id);
    }
  }
});

test.each([
  ['MiniMax-M3', 'minimax-m3'],
  ['hf:MiniMaxAI/MiniMax-M3', 'minimax-m3'],
  ['zai-org/GLM-5.2-TEE', 'glm-5-2'],
  ['zai-glm-4.7', 'glm-4-7'],
  ['gpt-oss:120b', 'gpt-oss-120b'],
  ['moonshotai/kimi-k2.6:thinking', 'kimi-k2-6'],
  ['deepseek-v4-flash:0731', 'deepseek-v4-flash'],
])('%s is also spelled %s', (upstreamId, spelling) => {
  expect(spellingsOf(upstreamId)).toContain(spelling);
});

test('another size is another model', () => {
  expect(spellingsOf('gemma3:4b')).not.toContain('gemma3');
});

test('what is given away is not spelled like what is sold', () => {
  expect(spellingsOf('z-ai/glm-5:free')).not.toContain('glm-5');
});

function modelsOf(catalogId: string): string[] {
  const providers: Readonly<Record<string, object>> = catalogFile.providers;
  return Object.keys(providers[catalogId] ?? {});
}
