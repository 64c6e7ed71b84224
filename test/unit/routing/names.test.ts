import { describe, expect, it, test } from 'vitest';
import { formatModelRef, splitModelRef, type ModelRef } from '../../../src/domain/model-ref.js';
import { findProvider } from '../../../src/providers/registry.js';
import { findByName, indexNames } from '../../../src/routing/names.js';
import { groupBy } from '../../support/group-by.js';
import catalogue from '../../fixtures/models/models-dev-ids.json' with { type: 'json' };

const refOf = ({ provider, upstreamId }: ModelRef): string => formatModelRef(provider, upstreamId);
const index = (models: readonly ModelRef[]) => indexNames(models, (model) => model, { find: findProvider });
const of = (...refs: string[]) => index(refs.map((ref) => splitModelRef(ref)).filter((ref) => ref !== null));
const meaning = (names: ReturnType<typeof index>, name: string): string[] =>
  findByName(names, name).map(refOf).toSorted();

/** Every model of every provider of models.dev at once: harder than any workspace. */
const ALL: readonly ModelRef[] = Object.entries(catalogue.models).flatMap(([provider, ids]) =>
  ids.map((upstreamId) => ({ provider, upstreamId })),
);
const all = index(ALL);
const refs = new Set(ALL.map(refOf));

describe('among every model of every provider', () => {
  test('each is found under its reference, and under it alone', () => {
    expect(ALL.length).toBeGreaterThan(1_600);
    for (const model of ALL) expect(findByName(all, refOf(model))).toEqual([model]);
  });

  test('each is found under its own id, with everyone who serves that id', () => {
    const byId = groupBy(ALL, ({ upstreamId }) => upstreamId);
    for (const [id, models] of byId) {
      // `openai/gpt-4o` is what an aggregator calls it, and also OpenAI's own: a provider in front means that provider.
      if (refs.has(id) || namesServedModel(id)) continue;
      expect(findByName(all, id), id).toEqual(models);
    }
  });

  test('hundreds of ids are shared, and every sharer is named', () => {
    const shared = [...groupBy(ALL, ({ upstreamId }) => upstreamId)].filter(
      ([, models]) => models.length > 1,
    );
    expect(shared.length).toBeGreaterThan(200);
    expect(meaning(all, 'glm-5.2')).toEqual(
      ALL.filter(({ upstreamId }) => upstreamId === 'glm-5.2')
        .map(refOf)
        .toSorted(),
    );
    expect(meaning(all, 'glm-5.2').length).toBeGreaterThan(3);
  });

  test('each is found in capitals, with those who differ from it in capitals only', () => {
    const byFolded = groupBy(ALL, (model) => refOf(model).toLowerCase());
    for (const [folded, models] of byFolded) {
      const shouted = folded.toUpperCase();
      if (refs.has(shouted) || namesServedModel(shouted)) continue;
      expect(findByName(all, shouted), shouted).toEqual(models);
    }
  });

  function namesServedModel(name: string): boolean {
    const ref = splitModelRef(name);
    const provider = ref && findProvider(ref.provider);
    return provider ? refs.has(formatModelRef(provider.slug, ref?.upstreamId ?? '')) : false;
  }
});

it.each([
  [
    'a size behind a colon',
    'gpt-oss:120b',
    ['ollama-cloud/gpt-oss:120b', 'acme/gpt-oss:20b'],
    ['ollama-cloud/gpt-oss:120b'],
  ],
  [
    'an aggregator’s vendor and id',
    'zai-org/glm-5.1',
    ['nano-gpt/zai-org/glm-5.1', 'zai/glm-5.1'],
    ['nano-gpt/zai-org/glm-5.1'],
  ],
  [
    'an id of Hugging Face',
    'hf:MiniMaxAI/MiniMax-M3',
    ['synthetic/hf:MiniMaxAI/MiniMax-M3'],
    ['synthetic/hf:MiniMaxAI/MiniMax-M3'],
  ],
  [
    'the same with its provider',
    'synthetic/hf:MiniMaxAI/MiniMax-M3',
    ['synthetic/hf:MiniMaxAI/MiniMax-M3'],
    ['synthetic/hf:MiniMaxAI/MiniMax-M3'],
  ],
  [
    'the provider in front before a vendor of that name',
    'zai/glm-5.1',
    ['zai/glm-5.1', 'acme/zai/glm-5.1'],
    ['zai/glm-5.1'],
  ],
  [
    'a vendor in front where no such provider serves it',
    'zai/glm-5.1',
    ['acme/zai/glm-5.1'],
    ['acme/zai/glm-5.1'],
  ],
  [
    'the right capitals before others',
    'MiniMax-M3',
    ['minimax/MiniMax-M3', 'ollama-cloud/minimax-m3'],
    ['minimax/MiniMax-M3'],
  ],
  ['other capitals where there is one only', 'GLM-5.1', ['zai/glm-5.1'], ['zai/glm-5.1']],
  [
    'other capitals that several have',
    'MINIMAX-M3',
    ['minimax/MiniMax-M3', 'ollama-cloud/minimax-m3'],
    ['minimax/MiniMax-M3', 'ollama-cloud/minimax-m3'],
  ],
  ['a provider in capitals', 'ZAI/GLM-5.1', ['zai/glm-5.1', 'acme/glm-5.1'], ['zai/glm-5.1']],
  ['a mark for a long context', 'zai/glm-5.1[1m]', ['zai/glm-5.1'], ['zai/glm-5.1']],
  ['the mark behind a bare name', 'glm-5.1[1M]', ['zai/glm-5.1'], ['zai/glm-5.1']],
  [
    'the mark where it belongs to the id',
    'glm-5.1[1m]',
    ['zai/glm-5.1[1m]', 'acme/glm-5.1'],
    ['zai/glm-5.1[1m]'],
  ],
  ['a model nobody serves', 'glm-9', ['zai/glm-5.1'], []],
  ['a provider’s name without a model', 'zai/', ['zai/glm-5.1'], []],
  ['a property every object has', 'constructor', ['zai/glm-5.1'], []],
])('%s is read as it is meant', (_, name, served, expected) => {
  expect(meaning(of(...served), name)).toEqual(expected);
});

it('knows every provider by its other names', () => {
  const aliased = ['zai', 'kimi', 'ollama-cloud'].map(findProvider).filter((provider) => provider !== null);
  const pairs = aliased.flatMap(({ slug, aliases }) => aliases.map((alias) => [slug, alias] as const));
  expect(pairs.length).toBeGreaterThan(0);
  for (const [slug, alias] of pairs)
    expect(meaning(of(`${slug}/m`, 'acme/m'), `${alias}/m`)).toEqual([`${slug}/m`]);
});
