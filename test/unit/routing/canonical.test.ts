import { expect, it, test } from 'vitest';
import { canonicalModel } from '../../../src/routing/canonical.js';
import { groupBy } from '../../support/group-by.js';
import catalogue from '../../fixtures/models/models-dev-ids.json' with { type: 'json' };

it.each([
  ['k3', 'kimi-k3', 'moonshotai/Kimi-K3'],
  ['k2p7', 'kimi-k2.7-code', 'accounts/fireworks/models/kimi-k2p7-code', 'moonshotai/Kimi-K2.7-Code'],
  ['MiniMax-M3', 'minimax-m3', 'minimax/minimax-m3', 'hf:MiniMaxAI/MiniMax-M3', 'minimax-m3-free'],
  [
    'glm-5.2',
    'zai-org/GLM-5.2-TEE',
    'z-ai/glm-5.2',
    'accounts/fireworks/models/glm-5p2',
    'hf:zai-org/GLM-5.2',
  ],
  ['glm-4.7', 'zai-glm-4.7', 'zai-org/GLM-4.7:thinking'],
  [
    'gpt-oss:120b',
    'gpt-oss-120b',
    'openai/gpt-oss-120b',
    'hf:openai/gpt-oss-120b',
    'openai/gpt-oss-120b:free',
  ],
  ['gemma3:27b', 'google/gemma-3-27b-it'],
  ['claude-sonnet-4-5', 'anthropic/claude-sonnet-4.5', 'claude-sonnet-4-5-20250929'],
  ['deepseek-v4-flash', 'deepseek-ai/DeepSeek-V4-Flash', 'deepseek-v4-flash:0731'],
])('%s and its other spellings are one model', (...spellings) => {
  expect(new Set(spellings.map(canonicalModel)).size).toBe(1);
});

it.each([
  ['gpt-oss:120b', 'gpt-oss:20b'],
  ['kimi-k2', 'kimi-k2-thinking'],
  ['glm-5.1', 'glm-5.2'],
  ['glm-4.5', 'glm-4.5-air'],
  ['gpt-4o-2024-05-13', 'gpt-4o-2024-11-20'],
  ['qwen3-coder-480b-a35b-instruct', 'qwen3-coder-30b-a3b-instruct'],
])('%s and %s are two', (one, other) => {
  expect(canonicalModel(one)).not.toBe(canonicalModel(other));
});

test('a key is its own key, for every model of every provider', () => {
  for (const id of Object.values(catalogue.models).flat()) {
    expect(canonicalModel(canonicalModel(id)), id).toBe(canonicalModel(id));
  }
});

test('no provider that serves its own models has two of them under one key, but for dated builds', () => {
  const makers = [
    'zai',
    'moonshotai',
    'kimi-for-coding',
    'minimax',
    'deepseek',
    'anthropic',
    'openai',
    'xai',
    'mistral',
  ] as const;
  const shared = makers.flatMap((maker) =>
    [...groupBy(catalogue.models[maker], canonicalModel).values()].filter((ids) => ids.length > 1),
  );
  expect(shared).toEqual([
    ['claude-haiku-4-5', 'claude-haiku-4-5-20251001'],
    ['claude-opus-4-1', 'claude-opus-4-1-20250805'],
    ['claude-opus-4-5', 'claude-opus-4-5-20251101'],
    ['claude-sonnet-4-5', 'claude-sonnet-4-5-20250929'],
  ]);
});
