/** Requests in Gemini's form: nothing lost, and what cannot be said named. */
import { describe, expect, it } from 'vitest';
import type { CanonicalTool, ReasoningOrigin, RequestPart } from '../../../../src/protocols/canonical.js';
import { geminiProvider } from '../../../../src/protocols/gemini/index.js';
import { assistant, request, target, text, user } from './requests.js';

const write = (own: Parameters<typeof request>[0], to = target()) =>
  geminiProvider.writeRequest(request(own), to);
const bodyOf = (own: Parameters<typeof request>[0], to = target()) => write(own, to).body;
const configOf = (own: Parameters<typeof request>[0], to = target()) => bodyOf(own, to)['generationConfig'];

const call = (id: string, name = 'look', input = '{"at":1}', origin?: ReasoningOrigin): RequestPart => ({
  type: 'tool_call',
  id,
  name,
  input,
  ...(origin && { origin }),
});
const result = (callId: string, words: string, isError = false): RequestPart => ({
  type: 'tool_result',
  callId,
  content: [{ type: 'text', text: words }],
  isError,
});
const sealed = (signature: string, model = 'gemini/gemini-3-pro-preview'): ReasoningOrigin => ({
  model,
  protocol: 'GEMINI',
  signature,
});
const tool = (own: Partial<CanonicalTool> = {}): CanonicalTool => ({
  name: 'look',
  description: 'Looks.',
  parameters: {
    $schema: 'https://json-schema.org/draft-07',
    type: 'object',
    properties: { at: { type: 'integer' } },
  },
  strict: null,
  ...own,
});

describe('conversations', () => {
  it('have leading instructions apart, later ones in place, and turns that alternate', () => {
    const { body, repairs } = write({
      messages: [
        { role: 'system', content: [text('Be brief.')] },
        { role: 'developer', content: [text('Be kind.')] },
        user(text('one')),
        user(text('two')),
        assistant(text('three')),
        { role: 'developer', content: [text('Now shout.')] },
        user(text('four')),
      ],
    });
    expect(body).toEqual({
      systemInstruction: { parts: [{ text: 'Be brief.' }, { text: 'Be kind.' }] },
      contents: [
        { role: 'user', parts: [{ text: 'one' }, { text: 'two' }] },
        { role: 'model', parts: [{ text: 'three' }] },
        { role: 'user', parts: [{ text: 'Now shout.' }, { text: 'four' }] },
      ],
    });
    expect(repairs).toEqual(['instructions_in_place']);
  });

  it('of instructions only are asked as words of the user', () => {
    const { body, repairs } = write({ messages: [{ role: 'system', content: [text('Say hi.')] }] });
    expect(body).toEqual({ contents: [{ role: 'user', parts: [{ text: 'Say hi.' }] }] });
    expect(repairs).toEqual(['instructions_in_place']);
  });

  it('carry pictures, documents and sound, from the request and from elsewhere', () => {
    const { contents } = bodyOf({
      messages: [
        user(
          { type: 'image', source: { kind: 'data', mediaType: 'image/png', base64: 'AAAA' } },
          { type: 'image', source: { kind: 'url', url: 'https://x.example/a.JPG?size=2' } },
          { type: 'image', source: { kind: 'url', url: 'https://x.example/picture' } },
          {
            type: 'file',
            name: null,
            source: { kind: 'data', mediaType: 'application/pdf', base64: 'BBBB' },
          },
          { type: 'file', name: null, source: { kind: 'file', fileId: 'files/abc' } },
          { type: 'audio', format: 'wav', base64: 'CCCC' },
          text('what is this?'),
        ),
      ],
    }) as { contents: { parts: unknown }[] };
    expect(contents[0]?.parts).toEqual([
      { inlineData: { mimeType: 'image/png', data: 'AAAA' } },
      { fileData: { mimeType: 'image/jpeg', fileUri: 'https://x.example/a.JPG?size=2' } },
      { fileData: { fileUri: 'https://x.example/picture' } },
      { inlineData: { mimeType: 'application/pdf', data: 'BBBB' } },
      { fileData: { fileUri: 'files/abc' } },
      { inlineData: { mimeType: 'audio/wav', data: 'CCCC' } },
      { text: 'what is this?' },
    ]);
  });

  it.each([
    ['a file that was uploaded elsewhere', { kind: 'file', fileId: 'file-123' }, {}],
    ['a URL where none is fetched', { kind: 'url', url: 'https://x.example/a.png' }, { noImageUrls: true }],
  ] as const)('are refused with %s', (_what, source, quirks) => {
    expect(() =>
      write({ messages: [user({ type: 'image', source })] }, target('gemini-3-pro-preview', { quirks })),
    ).toThrow(
      expect.objectContaining({ code: 'BAD_REQUEST', message: expect.stringContaining('base64') as unknown }),
    );
  });
});

describe('tool calls', () => {
  it('find their results by id, under their names and in their order, before anything else of the turn', () => {
    const { contents } = bodyOf({
      messages: [
        assistant(text('Looking.'), call('a', 'look', '{"at":1}', sealed('SEAL')), call('b', 'hear', '')),
        user(text('and hurry'), result('b', 'silence'), result('a', 'no such place', true)),
      ],
    });
    expect(contents).toEqual([
      {
        role: 'model',
        parts: [
          { text: 'Looking.' },
          { functionCall: { name: 'look', args: { at: 1 } }, thoughtSignature: 'SEAL' },
          { functionCall: { name: 'hear', args: {} } },
        ],
      },
      {
        role: 'user',
        parts: [
          { functionResponse: { name: 'look', response: { error: 'no such place' } } },
          { functionResponse: { name: 'hear', response: { output: 'silence' } } },
          { text: 'and hurry' },
        ],
      },
    ]);
  });

  it('keep the pictures of their results behind them', () => {
    const picture = {
      type: 'image',
      source: { kind: 'data', mediaType: 'image/png', base64: 'AAAA' },
    } as const;
    const { contents } = bodyOf({
      messages: [
        assistant(call('a')),
        user({
          type: 'tool_result',
          callId: 'a',
          content: [picture, { type: 'text', text: 'seen' }],
          isError: false,
        }),
      ],
    }) as { contents: { parts: unknown }[] };
    expect(contents[1]?.parts).toEqual([
      { functionResponse: { name: 'look', response: { output: 'seen' } } },
      { inlineData: { mimeType: 'image/png', data: 'AAAA' } },
    ]);
  });

  it('mean the latest call where an id repeats', () => {
    const { contents } = bodyOf({
      messages: [
        assistant(call('a', 'one')),
        user(result('a', '1')),
        assistant(call('a', 'two')),
        user(result('a', '2')),
      ],
    });
    expect(JSON.stringify(contents)).toMatch(/"name":"one","response".*"name":"two","response"/);
  });

  it('that nobody made have no results', () => {
    expect(() => write({ messages: [user(result('x', 'y'))] })).toThrow(
      expect.objectContaining({
        code: 'BAD_REQUEST',
        message: expect.stringContaining('`x` must come after the assistant message') as unknown,
      }),
    );
  });

  it('of free text travel as one string, and broken arguments are not lost', () => {
    const { body, repairs } = write({
      tools: [tool({ name: 'patch', parameters: null })],
      messages: [
        assistant(call('a', 'patch', '*** Begin'), call('b', 'look', '{"at":')),
        user(result('a', ''), result('b', '')),
      ],
    });
    expect(body['contents']).toMatchObject([
      {
        parts: [
          { functionCall: { name: 'patch', args: { input: '*** Begin' } } },
          { functionCall: { name: 'look', args: { input: '{"at":' } } },
        ],
      },
      {},
    ]);
    expect(repairs).toEqual(['thought_signature', 'tool_arguments']);
  });

  it.each([
    ['gemini-3-pro-preview', 'skip_thought_signature_validator', ['thought_signature']],
    ['gemini-pro-latest', 'skip_thought_signature_validator', ['thought_signature']],
    ['gemini-2.5-pro', undefined, []],
  ])('without a seal of %s get what Google takes for one', (upstreamId, signature, repairs) => {
    const written = write(
      {
        messages: [
          assistant(call('a', 'look', '{}', sealed('FOREIGN', 'zai/glm-5')), call('b')),
          user(result('a', ''), result('b', '')),
        ],
      },
      target(upstreamId),
    );
    expect(written.body['contents']).toMatchObject([{ parts: [{}, {}] }, {}]);
    const signatures = [...JSON.stringify(written.body).matchAll(/"thoughtSignature":"(\w+)"/g)].map(
      ([, seal]) => seal,
    );
    expect(signatures).toEqual(signature === undefined ? [] : [signature]);
    expect(written.repairs).toEqual(repairs);
  });
});

describe('thoughts', () => {
  it('go back to their own model with their seals, and to no other', () => {
    const messages = [
      user(text('hi')),
      assistant(
        { type: 'reasoning', text: 'hm', origin: sealed('ONE') },
        text('Hello.'),
        { type: 'reasoning', text: '', origin: sealed('TWO') },
        { type: 'reasoning', text: 'not mine', origin: sealed('THREE', 'gemini/gemini-2.5-pro') },
        { type: 'reasoning', text: 'unsealed', origin: { ...sealed(''), signature: null } },
      ),
    ];
    expect(write({ messages })).toMatchObject({
      body: {
        contents: [
          {},
          {
            parts: [
              { text: 'hm', thought: true, thoughtSignature: 'ONE' },
              { text: 'Hello.' },
              { text: '', thoughtSignature: 'TWO' },
            ],
          },
        ],
      },
      dropped: [],
    });
    const other = bodyOf({ messages }, target('gemini-3-flash'));
    expect(other['contents']).toMatchObject([{}, { parts: [{ text: 'Hello.' }] }]);
  });
});

describe('tools', () => {
  it('keep their schemas whole', () => {
    expect(
      bodyOf({ tools: [tool(), tool({ name: 'now', parameters: { type: 'object', properties: {} } })] })[
        'tools'
      ],
    ).toEqual([
      {
        functionDeclarations: [
          {
            name: 'look',
            description: 'Looks.',
            parametersJsonSchema: { type: 'object', properties: { at: { type: 'integer' } } },
          },
          { name: 'now', description: 'Looks.' },
        ],
      },
    ]);
  });

  it('have them cut down where the provider knows the older field only', () => {
    const parameters = {
      type: 'object',
      properties: { at: { type: ['integer', 'null'] } },
      additionalProperties: false,
    };
    const { body, repairs } = write(
      { tools: [tool({ parameters })] },
      target('gemini-3-pro-preview', { quirks: { schema: 'openapi-subset' } }),
    );
    expect(JSON.stringify(body['tools'])).toContain('"parameters":');
    expect(JSON.stringify(body['tools'])).not.toContain('additionalProperties');
    expect(repairs).toEqual(['tool_schema']);
  });

  it.each([
    [{ kind: 'auto' }, { mode: 'AUTO' }],
    [{ kind: 'none' }, { mode: 'NONE' }],
    [{ kind: 'required' }, { mode: 'ANY' }],
    [
      { kind: 'tool', name: 'look' },
      { mode: 'ANY', allowedFunctionNames: ['look'] },
    ],
  ] as const)('are chosen as by %j', (toolChoice, functionCallingConfig) => {
    expect(bodyOf({ tools: [tool()], toolChoice })['toolConfig']).toEqual({ functionCallingConfig });
  });
});

describe('generation', () => {
  it('is bounded, sampled and stopped as asked', () => {
    const { body, dropped, repairs } = write(
      {
        maxOutputTokens: 9_000,
        stop: ['a', 'b', 'c', 'd', 'e', 'f'],
        sampling: {
          temperature: 0.5,
          topP: 0.9,
          topK: 20,
          seed: 7,
          presencePenalty: 0.1,
          frequencyPenalty: 0.2,
        },
      },
      target('gemini-3-pro-preview', { maxOutputTokens: 8_000 }),
    );
    expect(body['generationConfig']).toEqual({
      maxOutputTokens: 8_000,
      stopSequences: ['a', 'b', 'c', 'd', 'e'],
      temperature: 0.5,
      topP: 0.9,
      topK: 20,
      seed: 7,
      presencePenalty: 0.1,
      frequencyPenalty: 0.2,
    });
    expect({ dropped, repairs }).toEqual({ dropped: ['stop'], repairs: ['max_tokens_clamped'] });
  });

  it('makes JSON, after a schema where there is one', () => {
    const schema = { type: 'object', properties: { a: { type: 'string' } }, additionalProperties: false };
    expect(configOf({ output: { kind: 'json' } })).toEqual({ responseMimeType: 'application/json' });
    expect(
      configOf({ output: { kind: 'schema', name: 'answer', description: null, schema, strict: true } }),
    ).toEqual({ responseMimeType: 'application/json', responseJsonSchema: schema });
  });

  it('names what it has no word for', () => {
    const { dropped } = write({
      parallelToolCalls: false,
      verbosity: 'low',
      userId: 'u',
      metadata: { a: 'b' },
      cacheKey: 'k',
      serviceTier: 'scale',
      sampling: { seed: 2 ** 40 },
      tools: [tool({ strict: true })],
      messages: [
        user({ type: 'text', text: 'x', cache: { ttl: null } }),
        assistant({ type: 'text', text: 'y', citations: [{ title: 't', url: null, quote: null }] }),
        user(
          { type: 'image', detail: 'high', source: { kind: 'data', mediaType: 'image/png', base64: 'AA' } },
          {
            type: 'file',
            name: 'a.pdf',
            source: { kind: 'data', mediaType: 'application/pdf', base64: 'AA' },
          },
        ),
      ],
    });
    expect(dropped.toSorted()).toEqual([
      'cache_control',
      'citations',
      'detail',
      'filename',
      'metadata',
      'parallel_tool_calls',
      'prompt_cache_key',
      'seed',
      'service_tier',
      'strict',
      'user',
      'verbosity',
    ]);
    expect(bodyOf({ serviceTier: 'flex' })['serviceTier']).toBe('flex');
  });
});

describe('thinking', () => {
  const wish = (own: object) => ({ effort: null, budgetTokens: null, visible: null, ...own });
  const thinking = (own: object, upstreamId: string, more = {}) =>
    (
      configOf({ reasoning: wish(own), ...more }, target(upstreamId)) as
        { thinkingConfig?: unknown } | undefined
    )?.thinkingConfig;

  it.each([
    ['gemini-3-flash-preview', { effort: 'minimal' }, { thinkingLevel: 'MINIMAL', includeThoughts: true }],
    ['gemini-3-flash-preview', { effort: 'none' }, { thinkingLevel: 'MINIMAL' }],
    ['gemini-3-pro-preview', { effort: 'medium' }, { thinkingLevel: 'HIGH', includeThoughts: true }],
    ['gemini-3.1-pro', { effort: 'xhigh', visible: false }, { thinkingLevel: 'HIGH' }],
    ['gemini-3.1-pro', { budgetTokens: 2_000 }, { thinkingLevel: 'LOW', includeThoughts: true }],
    ['gemini-flash-latest', { effort: 'low' }, { thinkingLevel: 'LOW', includeThoughts: true }],
    ['gemini-3.1-pro', { visible: true }, { includeThoughts: true }],
    ['gemini-2.5-flash', { effort: 'none' }, { thinkingBudget: 0 }],
    ['gemini-2.5-pro', { effort: 'none' }, { thinkingBudget: 128 }],
    ['gemini-2.5-flash-lite', { budgetTokens: 100 }, { thinkingBudget: 512, includeThoughts: true }],
    ['gemini-2.5-pro', { budgetTokens: 90_000 }, { thinkingBudget: 32_768, includeThoughts: true }],
    ['gemini-2.5-flash', { effort: 'high' }, { thinkingBudget: 16_384, includeThoughts: true }],
  ])('of %s after %j is %j', (upstreamId, own, expected) => {
    expect(thinking(own, upstreamId)).toEqual(expected);
  });

  it('leaves room for the answer', () => {
    expect(thinking({ effort: 'high' }, 'gemini-2.5-pro', { maxOutputTokens: 10_000 })).toMatchObject({
      thinkingBudget: 8_000,
    });
  });

  it('is not asked of a model that is known not to think', () => {
    const to = target('gemma-3-27b-it', { capabilities: ['TOOLS'] });
    expect(write({ reasoning: { effort: 'high', budgetTokens: null, visible: null } }, to)).toMatchObject({
      body: { contents: expect.anything() as unknown },
      dropped: ['reasoning'],
    });
    expect(write({ reasoning: { effort: 'none', budgetTokens: null, visible: null } }, to).dropped).toEqual(
      [],
    );
  });
});
