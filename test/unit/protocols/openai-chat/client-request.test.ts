/** Chat requests: every field is understood, refused by name, or named as dropped. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AppError } from '../../../../src/domain/errors.js';
import { openaiChatClient } from '../../../../src/protocols/openai-chat/index.js';
import { sealText } from '../../../../src/protocols/reasoning-seal.js';
import type { ReasoningOrigin } from '../../../../src/protocols/canonical.js';

const user = { role: 'user', content: 'Hi' };
const read = (body: object) => openaiChatClient.readRequest({ model: 'm', messages: [user], ...body });
const messages = (...given: object[]) => read({ messages: given }).request.messages;
const content = (...parts: object[]) => messages({ role: 'user', content: parts })[0]?.content;
const fn = (name: string) => ({ type: 'function', function: { name, parameters: { type: 'object' } } });

function refusal(body: object): string {
  try {
    read(body);
  } catch (error) {
    if (error instanceof AppError && error.code === 'BAD_REQUEST') return error.message;
    throw error;
  }
  throw new Error('was not refused');
}

describe('messages', () => {
  it('keep instructions where they stand', () => {
    expect(
      messages({ role: 'developer', content: 'A' }, user, {
        role: 'system',
        content: [{ type: 'text', text: 'B' }],
      }),
    ).toEqual([
      { role: 'developer', content: [{ type: 'text', text: 'A' }] },
      { role: 'user', content: [{ type: 'text', text: 'Hi' }] },
      { role: 'system', content: [{ type: 'text', text: 'B' }] },
    ]);
  });
  it('hold pictures, files and audio in every form', () => {
    expect(
      content(
        { type: 'image_url', image_url: { url: 'data:image/png;base64,QUJD', detail: 'low' } },
        { type: 'image_url', image_url: { url: 'https://a.example/x.png' } },
        { type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,QUJD' } },
        { type: 'file', file: { file_id: 'f-1' } },
        { type: 'input_audio', input_audio: { data: 'QUJD', format: 'wav' } },
      ),
    ).toEqual([
      { type: 'image', source: { kind: 'data', mediaType: 'image/png', base64: 'QUJD' }, detail: 'low' },
      { type: 'image', source: { kind: 'url', url: 'https://a.example/x.png' } },
      { type: 'file', source: { kind: 'data', mediaType: 'application/pdf', base64: 'QUJD' }, name: 'a.pdf' },
      { type: 'file', source: { kind: 'file', fileId: 'f-1' }, name: null },
      { type: 'audio', base64: 'QUJD', format: 'wav' },
    ]);
  });
  it('keep cache markers, also one on the whole message', () => {
    const cache_control = { type: 'ephemeral', ttl: '1h' };
    expect(content({ type: 'text', text: 'a', cache_control })).toEqual([
      { type: 'text', text: 'a', cache: { ttl: '1h' } },
    ]);
    expect(
      messages({ role: 'user', content: 'a', cache_control: { type: 'ephemeral' } })[0]?.content,
    ).toEqual([{ type: 'text', text: 'a', cache: { ttl: null } }]);
  });
  it('hold a turn with its thought, text, refusal and calls, and put the results of its calls together', () => {
    const origin: ReasoningOrigin = { model: 'acme/m', protocol: 'GEMINI', signature: 'S' };
    const [turn, results, next] = messages(
      {
        role: 'assistant',
        content: 'Let me see.',
        reasoning_content: 'Hm.',
        refusal: null,
        tool_calls: [
          {
            id: 'a',
            type: 'function',
            function: { name: 'f', arguments: '{"x":1}' },
            extra_content: { google: { thought_signature: sealText(origin) } },
          },
          { id: 'b', type: 'custom', custom: { name: 'patch', input: 'text' } },
        ],
      },
      { role: 'tool', tool_call_id: 'a', content: '1' },
      { role: 'tool', tool_call_id: 'b', content: [{ type: 'text', text: '2' }] },
      user,
    );
    expect(turn?.content).toEqual([
      { type: 'reasoning', text: 'Hm.', origin: { model: null, protocol: 'OPENAI_CHAT', signature: null } },
      { type: 'text', text: 'Let me see.' },
      { type: 'tool_call', id: 'a', name: 'f', input: '{"x":1}', origin },
      { type: 'tool_call', id: 'b', name: 'patch', input: 'text' },
    ]);
    expect(results).toEqual({
      role: 'user',
      content: [
        { type: 'tool_result', callId: 'a', content: [{ type: 'text', text: '1' }], isError: false },
        { type: 'tool_result', callId: 'b', content: [{ type: 'text', text: '2' }], isError: false },
      ],
    });
    expect(next?.content).toEqual([{ type: 'text', text: 'Hi' }]);
  });
  it('pair calls of the older spelling with their results, call by call', () => {
    const call = { role: 'assistant', content: null, function_call: { name: 'f', arguments: '{}' } };
    const result = { role: 'function', name: 'f', content: '1' };
    const parts = messages(user, call, result, call, result).flatMap((message) => message.content);
    const ids = parts.flatMap((part) =>
      part.type === 'tool_call' ? [part.id] : part.type === 'tool_result' ? [part.callId] : [],
    );
    expect(ids[0]).toBe(ids[1]);
    expect(ids[2]).toBe(ids[3]);
    expect(ids[0]).not.toBe(ids[2]);
  });
});

describe('tools', () => {
  it('are read as functions and as free text with its grammar', () => {
    const grammar = { syntax: 'lark', definition: 'start: "x"' };
    const { tools } = read({
      tools: [
        {
          type: 'function',
          function: { name: 'f', description: 'd', strict: true, parameters: { type: 'object' } },
        },
        { type: 'custom', custom: { name: 'patch', format: { type: 'grammar', grammar } } },
      ],
    }).request;
    expect(tools).toEqual([
      { name: 'f', description: 'd', parameters: { type: 'object' }, strict: true },
      {
        name: 'patch',
        description: null,
        parameters: null,
        strict: null,
        freeText: { type: 'grammar', ...grammar },
      },
    ]);
  });
  it.each([
    ['auto', { kind: 'auto' }],
    ['none', { kind: 'none' }],
    ['required', { kind: 'required' }],
    ['any', { kind: 'required' }],
    [{ type: 'auto' }, { kind: 'auto' }],
    [
      { type: 'function', function: { name: 'f' } },
      { kind: 'tool', name: 'f' },
    ],
    [
      { type: 'function', name: 'f' },
      { kind: 'tool', name: 'f' },
    ],
  ])('are chosen by %j', (tool_choice, expected) => {
    expect(read({ tools: [fn('f')], tool_choice }).request.toolChoice).toEqual(expected);
  });
  it('are limited to those allowed', () => {
    const allowed_tools = { mode: 'required', tools: [{ type: 'function', function: { name: 'g' } }] };
    const { tools, toolChoice } = read({
      tools: [fn('f'), fn('g')],
      tool_choice: { type: 'allowed_tools', allowed_tools },
    }).request;
    expect(tools.map((tool) => tool.name)).toEqual(['g']);
    expect(toolChoice).toEqual({ kind: 'required' });
  });
  it('that the provider would run are dropped by name, and refused where one is demanded', () => {
    const hosted = { type: 'web_search_preview' };
    expect(read({ tools: [fn('f'), hosted] }).dropped).toEqual(['hosted_tools.web_search_preview']);
    expect(refusal({ tools: [hosted], tool_choice: 'required' })).toContain('web_search_preview');
    expect(refusal({ tools: [hosted], tool_choice: hosted })).toContain('tool_choice');
    expect(
      refusal({ tools: [fn('f')], tool_choice: { type: 'function', function: { name: 'g' } } }),
    ).toContain('`g`');
  });
});

describe('fields', () => {
  it('are all carried over', () => {
    const { request, dropped } = read({
      max_completion_tokens: 5,
      max_tokens: 9,
      stop: ['a', 'b'],
      temperature: 0.5,
      top_p: 0.9,
      top_k: 4,
      presence_penalty: 0.1,
      frequency_penalty: 0.2,
      seed: 7,
      reasoning_effort: 'low',
      response_format: {
        type: 'json_schema',
        json_schema: { name: 'n', schema: { type: 'object' }, strict: true },
      },
      verbosity: 'low',
      prompt_cache_key: 'k',
      user: 'u',
      metadata: { a: 'b' },
      service_tier: 'flex',
      parallel_tool_calls: false,
      stream: true,
      stream_options: { include_usage: true },
    });
    expect(dropped).toEqual([]);
    expect(request).toMatchObject({
      maxOutputTokens: 5,
      stop: ['a', 'b'],
      sampling: {
        temperature: 0.5,
        topP: 0.9,
        topK: 4,
        presencePenalty: 0.1,
        frequencyPenalty: 0.2,
        seed: 7,
      },
      reasoning: { effort: 'low', budgetTokens: null, visible: null },
      output: { kind: 'schema', name: 'n', description: null, schema: { type: 'object' }, strict: true },
      verbosity: 'low',
      cacheKey: 'k',
      userId: 'u',
      metadata: { a: 'b' },
      serviceTier: 'flex',
      parallelToolCalls: false,
      stream: true,
      wantsUsage: true,
    });
  });
  it('that are null are absent', () => {
    const names =
      'tools tool_choice parallel_tool_calls max_tokens max_completion_tokens stop n temperature top_p seed reasoning_effort thinking reasoning response_format user verbosity metadata service_tier stream stream_options modalities logit_bias'.split(
        ' ',
      );
    const { request, dropped } = read(Object.fromEntries(names.map((name) => [name, null])));
    expect(dropped).toEqual([]);
    expect(request).toEqual(read({}).request);
  });
  it('that have no counterpart are named, flags that are off are not', () => {
    expect(read({ logit_bias: { 1: 2 }, store: true, logprobs: false, min_p: 0.1 }).dropped).toEqual([
      'logit_bias',
      'store',
      'min_p',
    ]);
    expect(read({ messages: [{ ...user, name: 'Ann' }] }).dropped).toEqual(['name']);
  });
  it.each([
    [{ reasoning_effort: 'none' }, { effort: 'none', budgetTokens: null, visible: null }],
    [
      { reasoning: { effort: 'high', exclude: true } },
      { effort: 'high', budgetTokens: null, visible: false },
    ],
    [{ reasoning: { max_tokens: 900 } }, { effort: null, budgetTokens: 900, visible: null }],
    [{ reasoning: { enabled: false } }, { effort: 'none', budgetTokens: null, visible: null }],
    [{ thinking: { type: 'disabled' } }, { effort: 'none', budgetTokens: null, visible: null }],
    [
      { thinking: { type: 'enabled', budget_tokens: 800 } },
      { effort: null, budgetTokens: 800, visible: null },
    ],
    [
      { enable_thinking: true, thinking_budget: 7 },
      { effort: null, budgetTokens: 7, visible: null },
    ],
  ])('ask for thinking as %j', (body, wish) => {
    expect(read(body).request.reasoning).toEqual(wish);
  });
  it('say usage is wanted only when a stream asks for it', () => {
    expect(read({ stream: true }).request.wantsUsage).toBe(false);
    expect(read({ stream: true, stream_options: { include_usage: false } }).request.wantsUsage).toBe(false);
    expect(read({}).request.wantsUsage).toBe(true);
  });
});

describe('a wrong request', () => {
  it.each([
    [{ n: 2 }, '`n`'],
    [{ messages: [] }, '`messages`'],
    [{ messages: 'x' }, '`messages`'],
    [{ messages: [3] }, '`messages[0]`'],
    [{ messages: [{ role: 'robot', content: '' }] }, '`messages[0].role`'],
    [{ messages: [{ role: 'user', content: null }] }, '`messages[0].content`'],
    [{ messages: [{ role: 'user', content: [{ type: 'video_url' }] }] }, '`messages[0].content[0].type`'],
    [{ messages: [{ role: 'tool', content: 'x' }] }, '`messages[0].tool_call_id`'],
    [
      { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'data:x' } }] }] },
      'image_url.url',
    ],
    [{ tools: [{ type: 'function' }] }, '`tools[0].function`'],
    [{ temperature: 'hot' }, '`temperature`'],
    [{ stop: [1] }, '`stop`'],
    [{ reasoning_effort: 'huge' }, '`reasoning_effort`'],
    [{ modalities: ['text', 'audio'] }, '`modalities`'],
    [{ response_format: { type: 'xml' } }, '`response_format.type`'],
    [{ metadata: { a: 1 } }, '`metadata`'],
  ])('is refused with the field at fault: %j', (body, named) => {
    expect(refusal(body)).toContain(named);
  });
  it('is never anything but the caller’s error', () => {
    const body = fc.record(
      Object.fromEntries(
        [
          'tools',
          'tool_choice',
          'stop',
          'reasoning',
          'thinking',
          'response_format',
          'metadata',
          'stream_options',
        ].map((name) => [name, fc.anything()]),
      ),
      { requiredKeys: [] },
    );
    const message = fc.record(
      {
        role: fc.constantFrom('user', 'assistant', 'tool', 'system', 'function'),
        content: fc.oneof(
          fc.anything(),
          fc.array(
            fc.record({
              type: fc.constantFrom('text', 'image_url', 'file'),
              file: fc.anything(),
              image_url: fc.anything(),
              text: fc.anything(),
            }),
          ),
        ),
        tool_calls: fc.oneof(
          fc.anything(),
          fc.array(fc.record({ id: fc.anything(), function: fc.anything() })),
        ),
        reasoning_details: fc.anything(),
      },
      { requiredKeys: ['role'] },
    );
    fc.assert(
      fc.property(body, fc.array(message), (fields, given) => {
        try {
          read({ ...fields, messages: given });
        } catch (error) {
          expect(error).toBeInstanceOf(AppError);
        }
      }),
      { numRuns: 500 },
    );
  });
});
