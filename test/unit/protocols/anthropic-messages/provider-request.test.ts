/** Writing requests: what Anthropic refuses is put right or said before any call, and nothing else changes. */
import { describe, expect, it } from 'vitest';
import type {
  CanonicalMessage,
  CanonicalRequest,
  ReasoningOrigin,
} from '../../../../src/protocols/canonical.js';
import { anthropicMessagesProvider } from '../../../../src/protocols/anthropic-messages/index.js';
import type { Quirks, Target } from '../../../../src/protocols/target.js';
import { REQUEST, TARGET } from './support.js';

const write = (request: Partial<CanonicalRequest>, target: Partial<Target> = {}) =>
  anthropicMessagesProvider.writeRequest({ ...REQUEST, ...request }, { ...TARGET, ...target });
const asked = (quirks: Quirks, request: Partial<CanonicalRequest>) => write(request, { quirks });
const user = (text: string): CanonicalMessage => ({ role: 'user', content: [{ type: 'text', text }] });
const TOOL = { name: 'run', description: 'runs', parameters: { type: 'object' }, strict: null };
const own: ReasoningOrigin = { model: TARGET.model, protocol: 'ANTHROPIC_MESSAGES', signature: 'sig' };
const callOf = (id: string, input = '{}') => ({ type: 'tool_call', id, name: 'run', input }) as const;
const resultOf = (callId: string) =>
  ({ type: 'tool_result', callId, content: [{ type: 'text', text: 'ok' }], isError: false }) as const;

describe('the bound on output', () => {
  it('is what was asked, no more than the model writes, and always there', () => {
    expect(write({ maxOutputTokens: 99_000 })).toMatchObject({
      body: { max_tokens: 32_000 },
      repairs: ['max_tokens_clamped'],
    });
    expect(write({ maxOutputTokens: null }).body['max_tokens']).toBe(32_000);
    expect(write({ maxOutputTokens: null }, { maxOutputTokens: null }).body['max_tokens']).toBeGreaterThan(0);
  });
});

describe('thinking', () => {
  const wish = (effort: 'none' | 'minimal' | 'high' | null, budgetTokens: number | null = null) => ({
    effort,
    budgetTokens,
    visible: null,
  });

  it('takes a budget from the effort, below the bound on output and never under the least', () => {
    const budget = (reasoning: CanonicalRequest['reasoning'], maxOutputTokens: number) =>
      write({ reasoning, maxOutputTokens }).body['thinking'] as { budget_tokens: number } | undefined;
    expect(budget(wish('high'), 32_000)).toEqual({ type: 'enabled', budget_tokens: 16_384 });
    expect(budget(wish('high'), 2_000)?.budget_tokens).toBeLessThan(2_000);
    expect(budget(wish(null, 500), 32_000)?.budget_tokens).toBe(1_024);
    expect(budget(wish(null, 9_000), 8_000)?.budget_tokens).toBe(7_999);
    expect(budget(wish('none'), 8_000)).toEqual({ type: 'disabled' });
    expect(write({ reasoning: wish('high'), maxOutputTokens: 500 })).toMatchObject({
      dropped: ['reasoning'],
    });
  });

  it('is an effort where the model decides itself, and a budget becomes one', () => {
    const quirks: Quirks = { reasoningControl: 'adaptive' };
    expect(asked(quirks, { reasoning: wish('minimal') })).toMatchObject({
      body: { thinking: { type: 'adaptive' }, output_config: { effort: 'low' } },
      repairs: ['reasoning_effort'],
    });
    expect(asked(quirks, { reasoning: wish(null, 16_000) }).body['output_config']).toEqual({
      effort: 'high',
    });
    expect(asked(quirks, { reasoning: wish('none') }).body).toMatchObject({ thinking: { type: 'disabled' } });
    expect(asked({ ...quirks, efforts: ['low', 'high'] }, { reasoning: wish('none') }).body).toMatchObject({
      thinking: { type: 'adaptive' },
      output_config: { effort: 'low' },
    });
  });

  it('leaves no sampling that it forbids', () => {
    const sampling = { temperature: 0.2, topP: 0.5, topK: 3 };
    const { body, dropped } = write({ reasoning: wish('high'), sampling });
    expect(body).not.toHaveProperty('temperature');
    expect(body).not.toHaveProperty('top_p');
    expect(dropped).toEqual(['temperature', 'top_p', 'top_k']);
    expect(write({ sampling: { temperature: 1.5, topK: 3 } })).toMatchObject({
      body: { temperature: 1, top_k: 3 },
      repairs: ['temperature_clamped'],
    });
  });

  it('gives way to a call that is forced', () => {
    const { body, dropped } = write({
      reasoning: wish('high'),
      tools: [TOOL],
      toolChoice: { kind: 'required' },
    });
    expect(body).not.toHaveProperty('thinking');
    expect(body['tool_choice']).toEqual({ type: 'any' });
    expect(dropped).toEqual(['reasoning']);
  });

  it('pauses amid calls whose thoughts are gone, where the model demands them', () => {
    const messages = (thought: boolean): CanonicalMessage[] => [
      user('Go'),
      {
        role: 'assistant',
        content: [...(thought ? [{ type: 'reasoning', text: 'hm', origin: own } as const] : []), callOf('a')],
      },
      { role: 'user', content: [resultOf('a')] },
    ];
    const quirks: Quirks = { replays: 'signature' };
    expect(asked(quirks, { reasoning: wish('high'), messages: messages(false) })).toMatchObject({
      repairs: ['thinking_paused'],
    });
    expect(asked(quirks, { reasoning: wish('high'), messages: messages(true) }).body).toHaveProperty(
      'thinking',
    );
    expect(
      asked(quirks, { reasoning: wish('high'), messages: [...messages(false), user('And?')] }).body,
    ).toHaveProperty('thinking');
  });
});

describe('tools', () => {
  it('arrive with their choice and without parallel calls where so wished', () => {
    const { body } = write({
      tools: [
        { ...TOOL, cache: { ttl: '5m' } },
        { name: 'patch', description: 'patches', parameters: null, strict: null, freeText: null },
      ],
      toolChoice: { kind: 'tool', name: 'patch' },
      parallelToolCalls: false,
      messages: [
        user('Go'),
        { role: 'assistant', content: [{ ...callOf('a', '*** Begin'), name: 'patch' }] },
      ],
    });
    expect(body).toMatchObject({
      tools: [
        { name: 'run', description: 'runs', input_schema: { type: 'object' }, cache_control: { ttl: '5m' } },
        { name: 'patch', input_schema: { type: 'object', required: ['input'] } },
      ],
      tool_choice: { type: 'tool', name: 'patch', disable_parallel_tool_use: true },
      messages: [{}, { content: [{ type: 'tool_use', input: { input: '*** Begin' } }] }],
    });
  });

  it('always take an object', () => {
    const { body, repairs } = write({ tools: [{ ...TOOL, parameters: {} }], parallelToolCalls: false });
    expect(body).toMatchObject({
      tools: [{ input_schema: { type: 'object' } }],
      tool_choice: { type: 'auto', disable_parallel_tool_use: true },
    });
    expect(repairs).toEqual(['tool_schema']);
  });
});

describe('the form of the answer', () => {
  const schema = { type: 'object', properties: { a: { type: 'object' }, type: { type: 'string' } } };
  const output = { kind: 'schema', name: 'x', description: null, schema, strict: true } as const;

  it('is held to a schema whose objects are closed', () => {
    const { body, repairs } = write({ output });
    expect(body['output_config']).toEqual({
      format: {
        type: 'json_schema',
        schema: {
          type: 'object',
          properties: { a: { type: 'object', additionalProperties: false }, type: { type: 'string' } },
          additionalProperties: false,
        },
      },
    });
    expect(repairs).toEqual(['output_schema']);
  });

  it('is JSON by instruction where no schema says what', () => {
    const { body, repairs } = write({ output: { kind: 'json' } });
    expect(JSON.stringify(body['system'])).toContain('JSON');
    expect(repairs).toEqual(['json_instruction']);
  });
});

describe('what cannot be expressed', () => {
  it('is named when it does no harm to leave it out', () => {
    const { body, dropped } = write(
      {
        stop: ['\n', 'END'],
        sampling: { presencePenalty: 1, frequencyPenalty: 1, seed: 7, temperature: 0.5, topP: 0.5 },
        verbosity: 'low',
        metadata: { a: 'b' },
        serviceTier: 'flex',
        userId: 'u',
      },
      { quirks: { refusedFields: ['temperature'] } },
    );
    expect(body).toMatchObject({ stop_sequences: ['END'], metadata: { user_id: 'u' } });
    expect([...dropped].sort()).toEqual([
      'frequency_penalty',
      'metadata',
      'presence_penalty',
      'seed',
      'service_tier',
      'stop',
      'temperature',
      'top_p',
      'verbosity',
    ]);
  });

  const content = (part: CanonicalMessage['content'][number]): Partial<CanonicalRequest> => ({
    messages: [{ role: 'user', content: [part] }],
  });
  it.each<[string, Partial<CanonicalRequest>, Quirks]>([
    ['audio', content({ type: 'audio', base64: 'A', format: 'wav' }), {}],
    [
      'an image type',
      content({ type: 'image', source: { kind: 'data', mediaType: 'image/tiff', base64: 'A' } }),
      {},
    ],
    [
      'a file type',
      content({
        type: 'file',
        name: null,
        source: { kind: 'data', mediaType: 'application/zip', base64: 'A' },
      }),
      {},
    ],
    ['a URL', content({ type: 'image', source: { kind: 'url', url: 'https://x' } }), { noImageUrls: true }],
    ['a forced call of nothing', { toolChoice: { kind: 'required' } }, {}],
    ['a forced call of an unknown tool', { tools: [TOOL], toolChoice: { kind: 'tool', name: 'x' } }, {}],
    ['a forced call', { tools: [TOOL], toolChoice: { kind: 'required' } }, { toolChoiceAutoOnly: true }],
    [
      'a schema',
      { output: { kind: 'schema', name: 'x', description: null, schema: {}, strict: null } },
      { responseFormat: 'none' },
    ],
  ])('is an error before any call when it must not be lost: %s', (_what, request, quirks) => {
    expect(() => asked(quirks, request)).toThrow(expect.objectContaining({ code: 'BAD_REQUEST' }));
  });
});
