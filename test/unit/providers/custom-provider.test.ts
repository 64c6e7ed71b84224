import { describe, expect, it, test } from 'vitest';
import {
  apiBase,
  customDefinition,
  type CustomModel,
  type CustomProtocol,
  type CustomProvider,
} from '../../../src/providers/custom-provider.js';
import type { ListedModel, OfferingDefinition } from '../../../src/providers/define-provider.js';
import { judgeProbe } from '../../../src/providers/failure.js';
import { providersWith } from '../../../src/providers/provider-set.js';
import { allProviders } from '../../../src/providers/registry.js';
import { addressOf } from '../../../src/providers/urls.js';

const HOMELAB: CustomProvider = {
  slug: 'homelab',
  name: 'Homelab',
  billing: 'METERED',
  credential: 'API_KEY',
  protocol: 'OPENAI_CHAT',
  baseUrl: 'https://llm.example.com',
  liveCatalog: true,
  models: [],
};

const described = (upstreamId: string, facts: Partial<CustomModel> = {}): CustomModel => ({
  upstreamId,
  displayName: null,
  contextWindow: null,
  maxOutputTokens: null,
  capabilities: null,
  listPrice: null,
  ...facts,
});

function offeringOf(provider: Partial<CustomProvider>): OfferingDefinition {
  return customDefinition({ ...HOMELAB, ...provider }).offerings[0];
}

function listed(offering: OfferingDefinition, body: unknown): readonly ListedModel[] {
  if (offering.models.kind !== 'live') throw new Error('the list is not live');
  return offering.models.parse(body);
}

describe('the base URL', () => {
  test.each<[CustomProtocol, string, string]>([
    ['OPENAI_CHAT', 'https://h.example', 'https://h.example/v1'],
    ['OPENAI_CHAT', 'https://h.example/', 'https://h.example/v1'],
    ['OPENAI_CHAT', 'https://h.example/v1', 'https://h.example/v1'],
    ['OPENAI_CHAT', 'https://h.example/v1/', 'https://h.example/v1'],
    ['OPENAI_CHAT', 'https://h.example:8443/openai/v1', 'https://h.example:8443/openai/v1'],
    ['OPENAI_CHAT', 'https://h.example/api/paas/v4', 'https://h.example/api/paas/v4'],
    ['OPENAI_CHAT', 'https://h.example/v1beta/openai', 'https://h.example/v1beta/openai'],
    ['OPENAI_RESPONSES', 'https://h.example/inference', 'https://h.example/inference'],
    ['ANTHROPIC_MESSAGES', 'https://h.example', 'https://h.example/v1'],
    ['ANTHROPIC_MESSAGES', 'https://h.example/v1', 'https://h.example/v1'],
    ['ANTHROPIC_MESSAGES', 'https://h.example/apps/anthropic', 'https://h.example/apps/anthropic/v1'],
    ['ANTHROPIC_MESSAGES', 'https://h.example/anthropic/v1/', 'https://h.example/anthropic/v1'],
  ])('for %s, %s means %s', (protocol, given, base) => {
    expect(apiBase(protocol, given)).toBe(base);
  });

  test.each<[CustomProtocol, string, string]>([
    ['OPENAI_CHAT', 'chat/completions', 'bearer'],
    ['OPENAI_RESPONSES', 'responses', 'bearer'],
    ['ANTHROPIC_MESSAGES', 'messages', 'x-api-key'],
  ])('has the path and header of %s added', (protocol, path, auth) => {
    const { endpoints, verify } = offeringOf({ protocol });
    expect(endpoints).toEqual([{ protocol, url: `https://llm.example.com/v1/${path}`, auth }]);
    expect(verify[0].url).toMatch(/^https:\/\/llm\.example\.com\/v1\/models/);
  });

  it('gives way as a whole to the base URL of a connection', () => {
    const offering = offeringOf({ baseUrl: 'https://llm.example.com/eu/v1' });
    const { url } = offering.endpoints[0];
    const at = (baseUrl: string | null): string => addressOf(offering, url, { region: null, baseUrl });
    expect(at(null)).toBe('https://llm.example.com/eu/v1/chat/completions');
    expect(at('https://proxy.example/v1')).toBe('https://proxy.example/v1/chat/completions');
    expect(at('https://proxy.example')).toBe('https://proxy.example/v1/chat/completions');
    expect(at('https://proxy.example/llm')).toBe('https://proxy.example/llm/chat/completions');
  });
});

describe('the models', () => {
  const price = { input: '0.5', output: '1.25', cacheRead: null, cacheWrite: '0.6' };

  it('are those described, where the provider is not asked', () => {
    const models = [described('a', { contextWindow: 1000, listPrice: price }), described('b')];
    expect(offeringOf({ liveCatalog: false, models }).models).toEqual({
      kind: 'curated',
      models: [
        {
          upstreamId: 'a',
          contextWindow: 1000,
          prices: { input: 500_000_000n, output: 1_250_000_000n, cacheRead: null, cacheWrite: 600_000_000n },
        },
        { upstreamId: 'b' },
      ],
    });
  });

  it('are those listed, with what the operator knows of them and what only the operator knows', () => {
    const models = [
      described('known', { displayName: 'Known', capabilities: ['TOOLS'] }),
      described('unlisted', { contextWindow: 7 }),
    ];
    const body = {
      data: [
        { id: 'known', max_model_len: 4096 },
        { id: 'other', name: 'Other', context_length: 9 },
      ],
    };
    expect(listed(offeringOf({ models }), body).slice(0, 2)).toEqual([
      { upstreamId: 'known', displayName: 'Known', contextWindow: 4096, capabilities: ['TOOLS'] },
      { upstreamId: 'other', displayName: 'Other', contextWindow: 9 },
    ]);
    expect(listed(offeringOf({ models }), body)).toContainEqual({
      upstreamId: 'unlisted',
      contextWindow: 7,
    });
  });

  it('are none when the list is empty: that is a failure, not an answer', () => {
    expect(listed(offeringOf({ models: [described('known')] }), { data: [] })).toEqual([]);
    expect(() => listed(offeringOf({}), { models: [] })).toThrow();
  });

  it('are read page by page from lists of Anthropic’s form', () => {
    const { models } = offeringOf({ protocol: 'ANTHROPIC_MESSAGES', models: [described('extra')] });
    if (models.kind !== 'live') throw new Error('the list is not live');
    const first = { data: [{ id: 'claude-a', display_name: 'A' }], has_more: true, last_id: 'claude a' };
    expect(models.headers).toHaveProperty('anthropic-version');
    expect(models.nextPage?.(first)).toBe('https://llm.example.com/v1/models?limit=1000&after_id=claude+a');
    expect(models.parse(first)).toEqual([{ upstreamId: 'claude-a', displayName: 'A' }]);
    const last = { data: [{ id: 'claude-b' }], has_more: false, last_id: 'claude-b' };
    expect(models.nextPage?.(last)).toBeNull();
    expect(models.parse(last).map(({ upstreamId }) => upstreamId)).toEqual(['claude-b', 'extra']);
  });
});

describe('the check of a key', () => {
  const hints = { retryAfter: null, now: 0 };
  const judge = (offering: OfferingDefinition, status: number): string | null =>
    judgeProbe(offering, offering.verify[0], { status, bodyText: '{"error":{"message":"no"}}' }, hints)
      ?.class ?? null;

  it('wants the list where there is to be one, and else only that the key is not refused', () => {
    const live = offeringOf({});
    const byHand = offeringOf({ liveCatalog: false, models: [described('a')] });
    expect([judge(live, 404), judge(live, 401)]).toEqual(['MODEL_NOT_FOUND', 'AUTHENTICATION']);
    expect([judge(byHand, 404), judge(byHand, 405)]).toEqual([null, null]);
    expect([judge(byHand, 401), judge(byHand, 500)]).toEqual(['AUTHENTICATION', 'UPSTREAM_ERROR']);
  });
});

describe('the providers of a workspace', () => {
  it('are the built-in ones and the described ones, found in any case', () => {
    const providers = providersWith([HOMELAB]);
    const slugs = providers.all().map(({ slug }) => slug);
    expect(slugs).toEqual([...allProviders().map(({ slug }) => slug), 'homelab'].toSorted());
    expect(providers.find('HomeLab')).toMatchObject({ slug: 'homelab', kind: 'CUSTOM' });
    expect(providers.find('Z.AI')?.slug).toBe('zai');
    expect(providers.offeringOf({ provider: 'homelab', offering: 'custom' })?.billing).toBe('METERED');
    expect(providers.offeringOf({ provider: 'homelab', offering: 'api' })).toBeNull();
    expect(providersWith([]).find('homelab')).toBeNull();
  });

  it('keep a described one where a later version brings a provider of its name', () => {
    const providers = providersWith([{ ...HOMELAB, slug: 'zai' }]);
    expect(providers.find('zai')?.name).toBe('Homelab');
    expect(providers.all().filter(({ slug }) => slug === 'zai')).toHaveLength(1);
  });
});
