import { describe, expect, it, onTestFinished } from 'vitest';
import type { CanonicalRequest, RequestPart } from '../../../src/protocols/canonical.js';
import { applyEdits, scanObject } from '../../../src/protocols/json-scan.js';
import { openaiChatProvider, openaiChatRepair } from '../../../src/protocols/openai-chat/index.js';
import { NO_QUIRKS, type Quirks, type Target } from '../../../src/protocols/target.js';
import { allProviders } from '../../../src/providers/registry.js';
import {
  SIMULATED_SLUGS,
  simulationOf,
  startSimulatedProvider,
} from '../../support/providers/simulated-provider.js';

const { writeRequest } = openaiChatProvider;

type Fields = Readonly<Record<string, unknown>>;

/** Offerings that are called in chat, with each model their simulation serves. */
const called = allProviders()
  .filter(({ slug }) => SIMULATED_SLUGS.includes(slug))
  .flatMap(({ slug, offerings }) =>
    offerings.flatMap((offering) =>
      simulationOf(slug)
        .models.filter(
          ({ id, kind, offerings: of }) =>
            kind === undefined &&
            (of?.includes(offering.code) ?? true) &&
            (offering.protocolsOf?.(id) ?? offering.endpoints.map(({ protocol }) => protocol)).includes(
              'OPENAI_CHAT',
            ),
        )
        .map(({ id }) => ({ name: `${slug}/${offering.code} ${id}`, slug, offering, id })),
    ),
  );

const quirksOf = (slug: string, id: string): Quirks =>
  called.find((one) => one.slug === slug && one.id === id)?.offering.quirks?.(id) ?? NO_QUIRKS;

const targetOf = (slug: string, id: string, quirks: Quirks): Target => ({
  model: `${slug}/${id}`,
  upstreamId: id,
  maxOutputTokens: 8_192,
  capabilities: [],
  quirks,
});

/** Everything at once that a request can say, as far as no provider must refuse it as a whole. */
function everything(target: Target): CanonicalRequest {
  const picture: RequestPart = {
    type: 'image',
    source: { kind: 'data', mediaType: 'image/png', base64: 'iVBORw0KGgo=' },
  };
  return {
    messages: [
      { role: 'system', content: [{ type: 'text', text: 'Be brief.' }] },
      { role: 'developer', content: [{ type: 'text', text: 'Use the tools.' }] },
      { role: 'user', content: [{ type: 'text', text: 'What is this?' }, picture] },
      {
        role: 'assistant',
        content: [
          {
            type: 'reasoning',
            text: 'I should look.',
            origin: { model: target.model, protocol: 'OPENAI_CHAT', signature: null },
          },
          { type: 'tool_call', id: 'functions.look:0', name: 'look', input: '{"at":"it"}' },
          {
            type: 'tool_call',
            id: 'toolu_01ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnop',
            name: 'look',
            input: '{}',
          },
        ],
      },
      {
        role: 'user',
        content: [
          result('functions.look:0'),
          result('toolu_01ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnop'),
          { type: 'text', text: 'And now?' },
        ],
      },
    ],
    tools: [
      {
        name: 'look',
        description: 'Looks.',
        parameters: { type: 'object', properties: { at: { type: 'string' } }, additionalProperties: false },
        strict: true,
      },
    ],
    toolChoice: { kind: 'auto' },
    parallelToolCalls: true,
    maxOutputTokens: 64_000,
    stop: ['a', 'b', 'c', 'd', 'e', 'f'],
    sampling: { temperature: 2, topP: 0.9, topK: 40, presencePenalty: 0.1, frequencyPenalty: 0.1, seed: 7 },
    reasoning: { effort: 'xhigh', budgetTokens: null, visible: true },
    output: target.quirks.responseFormat === 'none' ? null : SCHEMA,
    verbosity: 'low',
    userId: 'user-1',
    metadata: { team: 'a' },
    cacheKey: 'key-1',
    serviceTier: 'auto',
    stream: true,
    wantsUsage: true,
  };
}

const SCHEMA = {
  kind: 'schema',
  name: 'answer',
  description: null,
  schema: { type: 'object', properties: { it: { type: 'string' } } },
  strict: true,
} as const;

const result = (callId: string): RequestPart => ({
  type: 'tool_result',
  callId,
  content: [{ type: 'text', text: 'A picture.' }],
  isError: false,
});

const messagesOf = (body: Fields): readonly Fields[] => body['messages'] as readonly Fields[];

describe('a chat request in its most complete form', () => {
  it('is written for many', () => expect(called.length).toBeGreaterThan(80));

  it.each(called)('breaks none of the quirks of $name', ({ slug, offering, id }) => {
    const quirks = offering.quirks?.(id) ?? NO_QUIRKS;
    const target = targetOf(slug, id, quirks);
    const { body } = writeRequest(everything(target), target);
    const messages = messagesOf(body);
    const names = Object.keys(body);

    expect(names.filter((name) => quirks.refusedFields?.includes(name))).toEqual([]);
    expect(names.filter((name) => /^max_.*tokens$/.test(name))).toEqual([
      quirks.maxTokensField ?? 'max_tokens',
    ]);
    expect(body['stream_options'] === undefined).toBe(quirks.noStreamOptions === true);
    expect(messages.some(({ role }) => role === 'developer')).toBe(quirks.noDeveloperRole !== true);
    for (const message of messages)
      expect(Object.keys(message).filter((name) => quirks.refusedMessageFields?.includes(name))).toEqual([]);

    const turn = messages.find(({ role }) => role === 'assistant') ?? {};
    if (quirks.emptyContent) expect(turn['content']).toBe('');
    if (quirks.replays === 'reasoning_content') expect(turn['reasoning_content']).toBe('I should look.');
    const ids = (turn['tool_calls'] as Fields[]).map((call) => call['id']);
    if (quirks.toolIds) for (const one of ids) expect(one).toMatch(/^[a-zA-Z0-9]{9}$/);
    expect(messages.flatMap((message) => message['tool_call_id'] ?? [])).toEqual(ids);

    if (body['stop'] !== undefined)
      expect((body['stop'] as unknown[]).length).toBeLessThanOrEqual(quirks.stopMax ?? 6);
    if (body['temperature'] !== undefined)
      expect(body['temperature']).toBeLessThanOrEqual(quirks.temperatureMax ?? 2);
    expect((body['response_format'] as Fields | undefined)?.['type']).toBe(
      quirks.responseFormat === undefined ? 'json_schema' : 'json_object',
    );
    expect(thinkingOf(body)).toEqual(thinkingFields(quirks));
    if (quirks.efforts && body['reasoning_effort'] !== undefined)
      expect(quirks.efforts).toContain(body['reasoning_effort']);
  });
});

const THINKING = ['reasoning_effort', 'thinking', 'reasoning', 'enable_thinking', 'thinking_budget'];

function thinkingOf(body: Fields): readonly string[] {
  return THINKING.filter((name) => body[name] !== undefined);
}

function thinkingFields({ reasoningControl, efforts }: Quirks): readonly string[] {
  switch (reasoningControl) {
    case 'none':
      return [];
    case 'thinking-type':
      return efforts === undefined ? ['thinking'] : ['reasoning_effort', 'thinking'];
    case 'reasoning-object':
      return ['reasoning'];
    case 'enable-thinking':
      return ['enable_thinking', 'thinking_budget'];
    default:
      return ['reasoning_effort'];
  }
}

describe('a provider that is strict', () => {
  const strict = [
    ['mistral', 'mistral-large-latest', '/v1/chat/completions'],
    ['deepseek', 'deepseek-v4-pro', '/chat/completions'],
    ['cerebras', 'zai-glm-4.7', '/v1/chat/completions'],
    ['groq', 'openai/gpt-oss-120b', '/openai/v1/chat/completions'],
    ['kimi', 'k3', '/coding/v1/chat/completions'],
    ['moonshot', 'kimi-k2.6', '/v1/chat/completions'],
    ['xiaomi', 'mimo-v2.5-pro', '/v1/chat/completions'],
    ['alibaba', 'qwen3.7-max', '/compatible-mode/v1/chat/completions'],
  ] as const;

  async function ask(slug: string, path: string, body: unknown): Promise<Response> {
    const provider = await startSimulatedProvider(slug);
    onTestFinished(() => provider.close());
    return fetch(provider.url + path, {
      method: 'POST',
      headers: { authorization: `Bearer ${provider.keys.good}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  }

  it.each(strict)('%s takes what is written for it', async (slug, id, path) => {
    const target = targetOf(slug, id, quirksOf(slug, id));
    const { body } = writeRequest({ ...everything(target), stream: false }, target);
    const answer = await ask(slug, path, body);
    expect([answer.status, await answer.text()]).toEqual([200, expect.any(String)]);
  });

  it.each(strict)('%s takes what is passed on to it in its own format, repaired', async (slug, id, path) => {
    const quirks = quirksOf(slug, id);
    const asCallersSend = targetOf(slug, id, { replays: 'reasoning_content' });
    const { body } = writeRequest({ ...everything(asCallersSend), stream: false }, asCallersSend);
    const bytes = Buffer.from(JSON.stringify(body));
    const { edits } = openaiChatRepair(bytes, scanObject(bytes), targetOf(slug, id, quirks));
    const answer = await ask(slug, path, JSON.parse(applyEdits(bytes, edits).toString('utf8')));
    expect([answer.status, await answer.text()]).toEqual([200, expect.any(String)]);
  });

  it('gets a forced tool without thinking when it is passed on, too', () => {
    const target = targetOf('deepseek', 'deepseek-v4-pro', quirksOf('deepseek', 'deepseek-v4-pro'));
    const repaired = (body: Fields): unknown => {
      const bytes = Buffer.from(JSON.stringify({ messages: [], ...body }));
      const { edits, repairs } = openaiChatRepair(bytes, scanObject(bytes), target);
      return [JSON.parse(applyEdits(bytes, edits).toString('utf8')), repairs];
    };
    const forced = { tool_choice: 'required' };
    const off = { thinking: { type: 'disabled' } };
    expect(repaired(forced)).toEqual([{ messages: [], ...forced, ...off }, ['thinking_off']]);
    expect(repaired({ ...forced, reasoning_effort: 'high' })).toEqual([
      { messages: [], ...forced, ...off },
      ['thinking_off'],
    ]);
    expect(repaired({ ...forced, ...off })).toEqual([{ messages: [], ...forced, ...off }, []]);
    expect(repaired({ tool_choice: 'auto' })).toEqual([{ messages: [], tool_choice: 'auto' }, []]);
  });

  it.each(strict)('%s refuses the same as it stands in the format', async (slug, id, path) => {
    const target = targetOf(slug, id, { replays: 'reasoning_content' });
    const { body } = writeRequest({ ...everything(target), stream: false }, target);
    const unshown = { ...body, messages: messagesOf(body).map(withoutThoughts) };
    const answers = await Promise.all([ask(slug, path, body), ask(slug, path, unshown)]);
    expect(
      answers
        .map(({ status }) => status)
        .toSorted()
        .at(-1),
    ).toBeGreaterThanOrEqual(400);
  });

  it.each([
    ['deepseek', 'deepseek-v4-pro'],
    ['moonshot', 'kimi-k2.6'],
    ['alibaba', 'qwen3.7-max'],
  ])('%s gets a forced tool without thinking', (slug, id) => {
    const quirks = quirksOf(slug, id);
    const target = targetOf(slug, id, quirks);
    const { body, repairs } = writeRequest(
      { ...everything(target), toolChoice: { kind: 'tool', name: 'look' } },
      target,
    );
    expect(body['tool_choice']).toEqual({ type: 'function', function: { name: 'look' } });
    expect(body['thinking'] ?? body['enable_thinking']).toEqual(
      quirks.reasoningControl === 'enable-thinking' ? false : { type: 'disabled' },
    );
    expect(repairs).toContain('thinking_off');
  });
});

function withoutThoughts({ reasoning_content: _, ...message }: Fields): Fields {
  return message;
}
