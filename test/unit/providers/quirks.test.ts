import { describe, expect, it } from 'vitest';
import { REASONING_EFFORTS } from '../../../src/protocols/canonical.js';
import { NO_QUIRKS, type Quirks } from '../../../src/protocols/target.js';
import { customDefinition } from '../../../src/providers/custom-provider.js';
import { allProviders } from '../../../src/providers/registry.js';
import { SIMULATED_SLUGS, simulationOf } from '../../support/providers/simulated-provider.js';

/** Providers with models that always think, never do, or answer 400 to being asked; nobody else's effort is held back. */
const UNASKED = ['alibaba', 'groq', 'kimi', 'minimax', 'mistral', 'moonshot', 'openai', 'xai'];

/** Every model of every offering that is simulated. */
const served = allProviders()
  .filter(({ slug }) => SIMULATED_SLUGS.includes(slug))
  .flatMap(({ slug, offerings }) =>
    offerings.flatMap((offering) =>
      simulationOf(slug)
        .models.filter(({ offerings: in_ }) => in_?.includes(offering.code) ?? true)
        .map(({ id }) => ({ slug, offering, id })),
    ),
  );

const quirksOf = (slug: string, id: string, code?: string): Quirks => {
  const offerings = allProviders().find((provider) => provider.slug === slug)?.offerings ?? [];
  const offering = offerings.find((one) => code === undefined || one.code === code);
  return offering?.quirks?.(id) ?? NO_QUIRKS;
};

describe('quirks', () => {
  it('answer for every simulated model, with facts that hold together', () => {
    expect(served.length).toBeGreaterThan(100);
    for (const { slug, offering, id } of served) {
      const quirks = offering.quirks?.(id) ?? NO_QUIRKS;
      const of = `${slug}/${offering.code} ${id}`;
      const efforts = quirks.efforts ?? REASONING_EFFORTS;
      expect(efforts.length, of).toBeGreaterThan(0);
      expect(efforts, of).toEqual(REASONING_EFFORTS.filter((effort) => efforts.includes(effort)));
      if (quirks.reasoningControl === 'none') expect(quirks.efforts, of).toBeUndefined();
      // What has a quirk of its own is not refused by its bare name.
      expect(quirks.refusedFields ?? [], of).not.toContain(quirks.maxTokensField);
      expect(quirks.refusedFields ?? [], of).not.toContain('tools');
      // Thoughts are not both demanded and refused.
      if (quirks.replays === 'reasoning_content')
        expect(quirks.refusedMessageFields ?? [], of).not.toContain('reasoning_content');
      // Thinking is switched off for a forced tool only where it can be.
      if (quirks.forcedToolsEndThinking)
        expect(['thinking-type', 'enable-thinking'], of).toContain(quirks.reasoningControl);
    }
  });

  it('are none for providers that operators describe', () => {
    const { offerings } = customDefinition({
      slug: 'mine',
      name: 'Mine',
      billing: 'METERED',
      credential: 'NONE',
      protocol: 'OPENAI_CHAT',
      baseUrl: 'http://localhost:8000',
      liveCatalog: true,
      models: [],
    });
    expect(offerings[0].quirks).toBeUndefined();
  });

  it('leave no way to ask for thinking unused: only models that refuse to be asked are not asked', () => {
    const unasked = served.filter(({ offering, id }) => offering.quirks?.(id).reasoningControl === 'none');
    expect([...new Set(unasked.map(({ slug }) => slug))].toSorted()).toEqual(UNASKED);
  });

  it.each<[string, string, Quirks]>([
    [
      'openai',
      'gpt-5',
      { efforts: ['minimal', 'low', 'medium', 'high'], maxTokensField: 'max_completion_tokens' },
    ],
    ['openai', 'gpt-5.1', { efforts: ['none', 'low', 'medium', 'high'] }],
    ['openai', 'gpt-5.1-codex-max', { efforts: ['low', 'medium', 'high', 'xhigh'] }],
    ['openai', 'gpt-5.5', { efforts: ['none', 'low', 'medium', 'high', 'xhigh'] }],
    ['openai', 'gpt-5-pro', { efforts: ['high'] }],
    ['openai', 'gpt-5-chat-latest', { reasoningControl: 'none' }],
    ['openai', 'gpt-4.1', { reasoningControl: 'none' }],
    ['openai', 'o4-mini', { efforts: ['low', 'medium', 'high'] }],
    [
      'anthropic',
      'claude-opus-4-7',
      { reasoningControl: 'adaptive', refusedFields: ['temperature', 'top_p', 'top_k'] },
    ],
    [
      'anthropic',
      'claude-opus-5',
      { reasoningControl: 'adaptive', refusedFields: ['temperature', 'top_p', 'top_k'] },
    ],
    [
      'anthropic',
      'claude-sonnet-4-6',
      { reasoningControl: 'adaptive', efforts: ['none', 'low', 'medium', 'high', 'max'] },
    ],
    [
      'mistral',
      'mistral-large-latest',
      { toolIds: 'nine-alphanumerics', maxTokensField: 'max_tokens', noStreamOptions: true },
    ],
    ['deepseek', 'deepseek-v4-pro', { replays: 'reasoning_content', efforts: ['low', 'high', 'max'] }],
    ['kimi', 'k3-256k', { efforts: ['low', 'high', 'max'], replays: 'reasoning_content', noImageUrls: true }],
    ['kimi', 'kimi-for-coding', { reasoningControl: 'none', replays: 'reasoning_content' }],
    ['moonshot', 'kimi-k2.6', { reasoningControl: 'thinking-type', forcedToolsEndThinking: true }],
    ['zai', 'glm-5.3', { efforts: ['low', 'high', 'max'], stopMax: 1 }],
    ['zai', 'glm-4.7', { reasoningControl: 'thinking-type', replays: 'reasoning_content' }],
    ['alibaba', 'qwen3.7-max', { reasoningControl: 'enable-thinking', noDeveloperRole: true }],
    ['openrouter', 'z-ai/glm-5.2', { reasoningControl: 'reasoning-object', replays: 'reasoning_content' }],
    ['xai', 'grok-4.3', { efforts: ['none', 'low', 'medium', 'high'] }],
    ['xai', 'grok-4.20-reasoning', { reasoningControl: 'none' }],
  ])('%s %s: %o', (slug, id, expected) => {
    expect(quirksOf(slug, id)).toMatchObject(expected);
  });

  it('read the version of a Claude from its name, not from its date', () => {
    for (const id of [
      'claude-opus-4-20250514',
      'claude-sonnet-4-5-20250929',
      'claude-3-7-sonnet-20250219',
      'claude-haiku-4-5',
    ])
      expect(quirksOf('anthropic', id).reasoningControl, id).toBeUndefined();
  });
});
