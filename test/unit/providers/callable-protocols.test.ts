import { expect, test } from 'vitest';
import { describeModel } from '../../../src/discovery/describe-model.js';
import { callableProtocols } from '../../../src/providers/callable-protocols.js';
import { findProvider } from '../../../src/providers/registry.js';

const zen = findProvider('opencode')?.offerings[0];
if (!zen) throw new Error('opencode is gone');

test('a model is called in the formats of its own', () => {
  expect(callableProtocols(zen, 'claude-sonnet-4-6')).toEqual(['ANTHROPIC_MESSAGES']);
  expect(callableProtocols(zen, 'gpt-5.5')).toEqual(['OPENAI_RESPONSES']);
  expect(callableProtocols(zen, 'gemini-3.1-pro')).toEqual(['GEMINI']);
});

test('where nothing depends on the model, it is called in every format of the offering', () => {
  const kimi = findProvider('kimi')?.offerings[0];
  if (!kimi) throw new Error('kimi is gone');
  expect(callableProtocols(kimi, 'k3')).toEqual(['OPENAI_CHAT', 'ANTHROPIC_MESSAGES']);
});

test('a format without an address is none, so that no route is promised that cannot be taken', () => {
  const withoutGemini = { ...zen, endpoints: [zen.endpoints[0]] } as const;
  expect(callableProtocols(withoutGemini, 'gemini-3.1-pro')).toEqual([]);
  expect(describeModel(withoutGemini, { upstreamId: 'gemini-3.1-pro' }, () => null, 0).protocols).toEqual([]);
});

test('a model that embeds is called for embeddings only, and no other model is', () => {
  const openai = findProvider('openai')?.offerings[0];
  if (!openai) throw new Error('openai is gone');
  expect(callableProtocols(openai, 'text-embedding-3-large', 'EMBEDDING')).toEqual(['OPENAI_EMBEDDINGS']);
  expect(callableProtocols(openai, 'gpt-5.5')).not.toContain('OPENAI_EMBEDDINGS');
  expect(callableProtocols(openai, 'sora-2', 'OTHER')).toEqual([]);
  expect(callableProtocols(zen, 'some-embedding', 'EMBEDDING')).toEqual([]);
});
