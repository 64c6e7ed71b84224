/** Requests to chat providers: everything is said in a way the provider takes, and nothing is lost without a word. */
import { describe, expect, it } from 'vitest';
import { AppError } from '../../../../src/domain/errors.js';
import type {
  CanonicalMessage,
  CanonicalRequest,
  CanonicalTool,
} from '../../../../src/protocols/canonical.js';
import { openaiChatClient, openaiChatProvider } from '../../../../src/protocols/openai-chat/index.js';
import type { Quirks } from '../../../../src/protocols/target.js';
import { request, target } from './given.js';

const write = (given: Partial<CanonicalRequest>, quirks: Quirks = {}, most: number | null = null) =>
  openaiChatProvider.writeRequest(request(given), target(quirks, most));
const body = (given: Partial<CanonicalRequest>, quirks: Quirks = {}) => write(given, quirks).body;
const said = (messages: readonly CanonicalMessage[], quirks: Quirks = {}) =>
  body({ messages }, quirks)['messages'];
const tool: CanonicalTool = { name: 'f', description: 'd', parameters: { type: 'object' }, strict: true };
const patch: CanonicalTool = {
  name: 'patch',
  description: 'Edit',
  parameters: null,
  strict: null,
  freeText: { type: 'grammar', syntax: 'lark', definition: 'start: "x"' },
};
const schema = {
  kind: 'schema',
  name: 'n',
  description: null,
  schema: { type: 'object' },
  strict: true,
} as const;
const own = { model: 'acme/model-1', protocol: 'OPENAI_CHAT', signature: 'S' } as const;
const png = { type: 'image', source: { kind: 'data', mediaType: 'image/png', base64: 'QUJD' } } as const;

function refused(given: Partial<CanonicalRequest>, quirks: Quirks = {}): string {
  try {
    write(given, quirks);
  } catch (error) {
    if (error instanceof AppError && error.code === 'BAD_REQUEST') return error.message;
    throw error;
  }
  throw new Error('was not refused');
}

describe('a request without quirks', () => {
  it('says in the format what its caller said in it', () => {
    const stated = {
      messages: [
        { role: 'developer', content: 'Be brief.' },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'Look:' },
            { type: 'image_url', image_url: { url: 'https://a.example/x.png', detail: 'low' } },
          ],
        },
        {
          role: 'assistant',
          content: null,
          tool_calls: [{ id: 'a', type: 'function', function: { name: 'f', arguments: '{"x":1}' } }],
        },
        { role: 'tool', tool_call_id: 'a', content: '1' },
        {
          role: 'user',
          content: [
            { type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,QUJD' } },
            { type: 'input_audio', input_audio: { data: 'QUJD', format: 'wav' } },
          ],
        },
      ],
      tools: [
        {
          type: 'function',
          function: { name: 'f', description: 'd', parameters: { type: 'object' }, strict: true },
        },
      ],
      tool_choice: { type: 'function', function: { name: 'f' } },
      parallel_tool_calls: false,
      max_tokens: 5,
      stop: ['a'],
      temperature: 0.5,
      top_p: 0.9,
      presence_penalty: 0.1,
      frequency_penalty: 0.2,
      seed: 7,
      reasoning_effort: 'low',
      response_format: {
        type: 'json_schema',
        json_schema: { name: 'n', schema: { type: 'object' }, strict: true },
      },
      verbosity: 'low',
      user: 'u',
      metadata: { a: 'b' },
      prompt_cache_key: 'k',
      service_tier: 'flex',
      stream: true,
      stream_options: { include_usage: true },
    };
    const read = openaiChatClient.readRequest(stated);
    expect(openaiChatProvider.writeRequest(read.request, target())).toEqual({
      body: { model: 'model-1', ...stated },
      dropped: [],
      repairs: [],
    });
  });
  it('asks for usage in every stream', () => {
    expect(body({ stream: true, wantsUsage: false })['stream_options']).toEqual({ include_usage: true });
    expect(body({ stream: false })).not.toHaveProperty('stream_options');
    expect(body({ stream: true }, { noStreamOptions: true })).not.toHaveProperty('stream_options');
  });
  it('names what it has no words for', () => {
    const cache = { ttl: null };
    const { dropped } = write({
      messages: [{ role: 'user', content: [{ type: 'text', text: 'a', cache }] }],
      sampling: { topK: 3 },
      serviceTier: 'standard_only',
    });
    expect(dropped).toEqual(['cache_control', 'top_k', 'service_tier']);
  });
});

describe('messages', () => {
  it('put results right under their turn, with errors marked, and their pictures after all of them', () => {
    const messages = said([
      {
        role: 'user',
        content: [
          { type: 'tool_result', callId: 'a', content: [{ type: 'text', text: 'two' }, png], isError: false },
          { type: 'tool_result', callId: 'b', content: [{ type: 'text', text: 'no file' }], isError: true },
          { type: 'text', text: 'Go on.' },
        ],
      },
    ]);
    expect(messages).toEqual([
      { role: 'tool', tool_call_id: 'a', content: 'two' },
      { role: 'tool', tool_call_id: 'b', content: 'Error: no file' },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'Returned by the tool call a:' },
          { type: 'image_url', image_url: { url: 'data:image/png;base64,QUJD' } },
          { type: 'text', text: 'Go on.' },
        ],
      },
    ]);
  });
  it('hold one turn with all its calls', () => {
    expect(
      said([
        {
          role: 'assistant',
          content: [
            { type: 'text', text: 'Let me see.' },
            { type: 'tool_call', id: 'a', name: 'f', input: '' },
            { type: 'tool_call', id: 'b', name: 'g', input: 'not json' },
          ],
        },
      ]),
    ).toEqual([
      {
        role: 'assistant',
        content: 'Let me see.',
        tool_calls: [
          { id: 'a', type: 'function', function: { name: 'f', arguments: '{}' } },
          { id: 'b', type: 'function', function: { name: 'g', arguments: '{"input":"not json"}' } },
        ],
      },
    ]);
  });
  it('show a thought only to the model it is from, and only where it is demanded', () => {
    const turn = (model: string): CanonicalMessage => ({
      role: 'assistant',
      content: [
        { type: 'reasoning', text: 'Hm.', origin: { ...own, model } },
        { type: 'tool_call', id: 'a', name: 'f', input: '{}', origin: { ...own, model } },
      ],
    });
    const replays = { replays: 'reasoning_content' } as const;
    expect(said([turn('acme/model-1')], replays)).toMatchObject([{ reasoning_content: 'Hm.' }]);
    expect(said([turn('acme/other')], replays)).toMatchObject([{ reasoning_content: '' }]);
    expect(JSON.stringify(said([turn('acme/model-1')]))).not.toContain('Hm.');
    expect(said([turn('acme/model-1')])).toMatchObject([
      { tool_calls: [{ extra_content: { google: { thought_signature: 'S' } } }] },
    ]);
    expect(JSON.stringify(said([turn('acme/other')]))).not.toContain('extra_content');
  });
  it('leave out a turn of which nothing can be shown', () => {
    expect(
      said([
        { role: 'assistant', content: [{ type: 'reasoning', text: 'x', origin: { ...own, model: 'b/c' } }] },
      ]),
    ).toEqual([]);
  });
  it('say text documents as text', () => {
    const source = {
      kind: 'data',
      mediaType: 'text/markdown',
      base64: Buffer.from('# é').toString('base64'),
    } as const;
    expect(said([{ role: 'user', content: [{ type: 'file', source, name: 'a.md' }] }])).toEqual([
      { role: 'user', content: 'a.md:\n# é' },
    ]);
  });
  it('are refused where a picture or a file cannot be given', () => {
    const of = (source: object) => ({
      messages: [{ role: 'user', content: [{ type: 'image', source }] }] as never,
    });
    expect(refused(of({ kind: 'url', url: 'https://a.example' }), { noImageUrls: true })).toContain(
      'its data',
    );
    expect(refused(of({ kind: 'file', fileId: 'x' }))).toContain('uploaded');
  });
});

describe('tools', () => {
  it('that take free text become functions with one string, also in turns before', () => {
    const { body: written, repairs } = write({
      tools: [patch],
      messages: [
        { role: 'assistant', content: [{ type: 'tool_call', id: 'a', name: 'patch', input: '{"a":1}' }] },
      ],
    });
    expect(written['tools']).toMatchObject([
      { type: 'function', function: { name: 'patch', parameters: { required: ['input'] } } },
    ]);
    expect(JSON.stringify(written['tools'])).toContain('start: ');
    expect(written['messages']).toMatchObject([
      { tool_calls: [{ type: 'function', function: { arguments: '{"input":"{\\"a\\":1}"}' } }] },
    ]);
    expect(repairs).toEqual(['free_text_tools']);
  });
  it('are hidden where no call may be made and the provider only knows auto; a demanded call is refused', () => {
    const quirks = { toolChoiceAutoOnly: true };
    expect(body({ tools: [tool], toolChoice: { kind: 'none' } }, quirks)).not.toHaveProperty('tools');
    expect(body({ tools: [tool], toolChoice: { kind: 'auto' } }, quirks)['tool_choice']).toBe('auto');
    expect(refused({ tools: [tool], toolChoice: { kind: 'required' } }, quirks)).toContain('tool_choice');
    expect(refused({ tools: [tool], toolChoice: { kind: 'tool', name: 'f' } }, quirks)).toContain(
      'tool_choice',
    );
  });
  it('get ids in the only form the provider takes, calls and results alike', () => {
    const messages: readonly CanonicalMessage[] = [
      { role: 'assistant', content: [{ type: 'tool_call', id: 'toolu_0123456789', name: 'f', input: '{}' }] },
      {
        role: 'user',
        content: [{ type: 'tool_result', callId: 'toolu_0123456789', content: [], isError: false }],
      },
    ];
    const { body: written, repairs } = write({ messages }, { toolIds: 'nine-alphanumerics' });
    const [turn, result] = written['messages'] as { tool_calls: { id: string }[]; tool_call_id: string }[];
    expect(turn?.tool_calls[0]?.id).toMatch(/^[a-zA-Z0-9]{9}$/);
    expect(result?.tool_call_id).toBe(turn?.tool_calls[0]?.id);
    expect(repairs).toEqual(['tool_ids']);
  });
});

describe('quirks', () => {
  it.each<[Quirks, Partial<CanonicalRequest>, object, readonly string[]]>([
    [{ maxTokensField: 'max_completion_tokens' }, { maxOutputTokens: 5 }, { max_completion_tokens: 5 }, []],
    [{ stopMax: 1 }, { stop: ['a', 'b'] }, { stop: ['a'] }, ['stop_shortened']],
    [{ temperatureMax: 1 }, { sampling: { temperature: 1.8 } }, { temperature: 1 }, ['temperature_clamped']],
    [
      { noDeveloperRole: true },
      { messages: [{ role: 'developer', content: [{ type: 'text', text: 'a' }] }] },
      { messages: [{ role: 'system', content: 'a' }] },
      ['developer_role'],
    ],
    [
      { emptyContent: true },
      {
        messages: [{ role: 'assistant', content: [{ type: 'tool_call', id: 'a', name: 'f', input: '{}' }] }],
      },
      { messages: [{ role: 'assistant', content: '' }] },
      [],
    ],
    [
      { responseFormat: 'json_object' },
      { output: schema },
      { response_format: { type: 'json_object' }, messages: [{ role: 'system' }, { role: 'user' }] },
      ['response_format'],
    ],
  ])('%j are honoured', (quirks, given, expected, repairs) => {
    const written = write(given, quirks);
    expect(written.body).toMatchObject(expected);
    expect(written.repairs).toEqual(repairs);
  });
  it('clamp the bound on output to what the model can write', () => {
    const { body: written, repairs } = write({ maxOutputTokens: 900 }, {}, 100);
    expect(written['max_tokens']).toBe(100);
    expect(repairs).toEqual(['max_tokens_clamped']);
  });
  it('take refused fields out, by name', () => {
    const { body: written, dropped } = write(
      { sampling: { seed: 1 }, userId: 'u' },
      { refusedFields: ['seed', 'logprobs'] },
    );
    expect(written).not.toHaveProperty('seed');
    expect(written['user']).toBe('u');
    expect(dropped).toEqual(['seed']);
  });
  it('refuse a format the provider cannot be held to', () => {
    expect(refused({ output: schema }, { responseFormat: 'none' })).toContain('response_format');
  });

  const wish = { effort: null, budgetTokens: null, visible: null };
  it.each<[Quirks, object, object]>([
    [{}, { ...wish, effort: 'high' }, { reasoning_effort: 'high' }],
    [{ efforts: ['low', 'high'] }, { ...wish, effort: 'max' }, { reasoning_effort: 'high' }],
    [{}, { ...wish, budgetTokens: 2000 }, { reasoning_effort: 'low' }],
    [{ reasoningControl: 'thinking-type' }, { ...wish, effort: 'high' }, { thinking: { type: 'enabled' } }],
    [{ reasoningControl: 'thinking-type' }, { ...wish, effort: 'none' }, { thinking: { type: 'disabled' } }],
    [
      { reasoningControl: 'thinking-type', efforts: ['high', 'max'] },
      { ...wish, effort: 'low' },
      { thinking: { type: 'enabled' }, reasoning_effort: 'high' },
    ],
    [
      { reasoningControl: 'reasoning-object' },
      { ...wish, effort: 'low', visible: false },
      { reasoning: { effort: 'low', exclude: true } },
    ],
    [
      { reasoningControl: 'reasoning-object' },
      { ...wish, budgetTokens: 3000 },
      { reasoning: { max_tokens: 3000 } },
    ],
    [
      { reasoningControl: 'enable-thinking' },
      { ...wish, budgetTokens: 3000 },
      { enable_thinking: true, thinking_budget: 3000 },
    ],
    [{ reasoningControl: 'enable-thinking' }, { ...wish, effort: 'none' }, { enable_thinking: false }],
    [{ reasoningControl: 'none' }, { ...wish, effort: 'high' }, {}],
  ])('%j ask for thinking in the provider’s own way: %j', (quirks, reasoning, expected) => {
    const { model: _m, messages: _s, ...rest } = body({ reasoning: reasoning as never }, quirks);
    expect(rest).toEqual(expected);
  });
});

describe('a whole answer', () => {
  it('is read in every spelling', () => {
    const answer = openaiChatProvider.readAnswer(
      {
        id: 'x',
        choices: [
          {
            finish_reason: 'stop',
            message: {
              content: [
                { type: 'thinking', thinking: [{ type: 'text', text: 'Hm.' }] },
                { type: 'text', text: 'So.' },
              ],
              tool_calls: [
                { id: 'a', function: { name: 'f', arguments: '{"x":1}' } },
                { function: { name: 'g', arguments: { y: 2 } } },
              ],
            },
          },
        ],
        usage: { prompt_tokens: 4, completion_tokens: 2 },
      },
      target(),
    );
    expect(answer).toMatchObject({
      id: 'x',
      finish: { reason: 'tool_calls' },
      usage: { prompt: 4, output: 2 },
      parts: [
        { type: 'reasoning', text: 'Hm.', origin: { model: 'acme/model-1' } },
        { type: 'text', text: 'So.' },
        { type: 'tool_call', id: 'a', name: 'f', input: '{"x":1}' },
        { type: 'tool_call', id: 'call_x_1', name: 'g', input: '{"y":2}' },
      ],
    });
  });
  it('of nothing is an empty one', () => {
    for (const choices of [undefined, null, [], [null], [{ message: 3 }]]) {
      expect(openaiChatProvider.readAnswer({ choices }, target()).parts).toEqual([]);
    }
  });
});
