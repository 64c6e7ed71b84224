/** Reading messages requests: everything a caller says arrives, and what is no request says what would be one. */
import { describe, expect, it } from 'vitest';
import { AppError } from '../../../../src/domain/errors.js';
import { anthropicMessagesClient } from '../../../../src/protocols/anthropic-messages/index.js';
import { sealText } from '../../../../src/protocols/reasoning-seal.js';

const HELLO = { role: 'user', content: 'Hi' };
const read = (body: object) =>
  anthropicMessagesClient.readRequest({ model: 'm', max_tokens: 100, messages: [HELLO], ...body });
const contentOf = (content: unknown, role = 'user') =>
  read({ messages: [{ role, content }] }).request.messages[0]?.content;

describe('what a caller says', () => {
  it('arrives with its system blocks, in place and with their cache markers', () => {
    const { request, dropped } = read({
      system: [
        { type: 'text', text: 'x-anthropic-billing-header: cc_version=2.1.197;' },
        { type: 'text', text: 'You are an agent.', cache_control: { type: 'ephemeral', ttl: '1h' } },
      ],
      messages: [
        HELLO,
        { role: 'assistant', content: 'Hello' },
        { role: 'system', content: 'Be brief.' },
        HELLO,
      ],
    });
    expect(request.messages.map(({ role }) => role)).toEqual([
      'system',
      'user',
      'assistant',
      'system',
      'user',
    ]);
    expect(request.messages[0]?.content).toEqual([
      { type: 'text', text: 'x-anthropic-billing-header: cc_version=2.1.197;' },
      { type: 'text', text: 'You are an agent.', cache: { ttl: '1h' } },
    ]);
    expect(dropped).toEqual([]);
  });

  it('arrives with every kind of picture and document', () => {
    expect(
      contentOf([
        { type: 'image', source: { type: 'base64', media_type: 'image/jpeg', data: 'AAAA' } },
        {
          type: 'image',
          source: { type: 'url', url: 'https://x/y.png' },
          cache_control: { type: 'ephemeral' },
        },
        { type: 'image', source: { type: 'file', file_id: 'f1' } },
        {
          type: 'document',
          title: 'Report',
          context: 'from last year',
          source: { type: 'base64', media_type: 'application/pdf', data: 'BBBB' },
        },
        {
          type: 'document',
          title: 'Notes',
          source: { type: 'text', media_type: 'text/plain', data: 'plain' },
        },
        { type: 'document', source: { type: 'content', content: [{ type: 'text', text: 'inner' }] } },
        {
          type: 'search_result',
          title: 'T',
          source: 'https://s',
          content: [{ type: 'text', text: 'found' }],
          cache_control: { type: 'ephemeral' },
        },
      ]),
    ).toEqual([
      { type: 'image', source: { kind: 'data', mediaType: 'image/jpeg', base64: 'AAAA' } },
      { type: 'image', source: { kind: 'url', url: 'https://x/y.png' }, cache: { ttl: null } },
      { type: 'image', source: { kind: 'file', fileId: 'f1' } },
      { type: 'text', text: 'from last year' },
      {
        type: 'file',
        name: 'Report',
        source: { kind: 'data', mediaType: 'application/pdf', base64: 'BBBB' },
      },
      { type: 'text', text: 'Notes' },
      { type: 'text', text: 'plain' },
      { type: 'text', text: 'inner' },
      { type: 'text', text: 'T\nhttps://s' },
      { type: 'text', text: 'found', cache: { ttl: null } },
    ]);
  });

  it('arrives with calls, and with results that hold text, pictures and errors', () => {
    expect(contentOf([{ type: 'tool_use', id: 't1', name: 'run', input: { a: [1] } }], 'assistant')).toEqual([
      { type: 'tool_call', id: 't1', name: 'run', input: '{"a":[1]}' },
    ]);
    const png = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AAAA' } };
    expect(
      contentOf([
        { type: 'tool_result', tool_use_id: 't1', content: 'done' },
        {
          type: 'tool_result',
          tool_use_id: 't2',
          is_error: true,
          content: [{ type: 'text', text: 'no' }, png],
        },
        { type: 'tool_result', tool_use_id: 't3', cache_control: { type: 'ephemeral' } },
      ]),
    ).toEqual([
      { type: 'tool_result', callId: 't1', content: [{ type: 'text', text: 'done' }], isError: false },
      {
        type: 'tool_result',
        callId: 't2',
        content: [
          { type: 'text', text: 'no' },
          { type: 'image', source: { kind: 'data', mediaType: 'image/png', base64: 'AAAA' } },
        ],
        isError: true,
      },
      { type: 'tool_result', callId: 't3', content: [], isError: false, cache: { ttl: null } },
    ]);
  });

  it('arrives with thoughts, each knowing whose it is when the seal is ours', () => {
    const origin = { model: 'kimi/k2', protocol: 'OPENAI_CHAT', signature: null } as const;
    const withheld = {
      model: 'a/b',
      protocol: 'ANTHROPIC_MESSAGES',
      signature: 'enc',
      redacted: true,
    } as const;
    expect(
      contentOf(
        [
          { type: 'thinking', thinking: 'hm', signature: sealText(origin) },
          { type: 'thinking', thinking: 'ha', signature: 'EqQB' },
          { type: 'redacted_thinking', data: sealText(withheld) },
          { type: 'redacted_thinking', data: 'raw' },
        ],
        'assistant',
      ),
    ).toEqual([
      { type: 'reasoning', text: 'hm', origin },
      {
        type: 'reasoning',
        text: 'ha',
        origin: { model: null, protocol: 'ANTHROPIC_MESSAGES', signature: 'EqQB' },
      },
      { type: 'reasoning', text: '', origin: withheld },
      {
        type: 'reasoning',
        text: '',
        origin: { model: null, protocol: 'ANTHROPIC_MESSAGES', signature: 'raw', redacted: true },
      },
    ]);
  });

  it('arrives with tools, choice, sampling, output form and the rest', () => {
    const schema = { type: 'object', properties: { a: { type: 'string' } } };
    const { request, dropped } = read({
      stream: true,
      tools: [
        { name: 'run', description: 'runs', input_schema: schema, cache_control: { type: 'ephemeral' } },
        { type: 'custom', name: 'stop', input_schema: schema, strict: true },
      ],
      tool_choice: { type: 'tool', name: 'run', disable_parallel_tool_use: true },
      stop_sequences: ['END'],
      temperature: 0.5,
      top_p: 0.9,
      top_k: 40,
      thinking: { type: 'enabled', budget_tokens: 2_000 },
      output_config: { effort: 'xhigh', format: { type: 'json_schema', schema } },
      metadata: { user_id: 'u1' },
      service_tier: 'standard_only',
    });
    expect(request).toMatchObject({
      stream: true,
      wantsUsage: true,
      maxOutputTokens: 100,
      tools: [
        { name: 'run', description: 'runs', parameters: schema, strict: null, cache: { ttl: null } },
        { name: 'stop', description: null, parameters: schema, strict: true },
      ],
      toolChoice: { kind: 'tool', name: 'run' },
      parallelToolCalls: false,
      stop: ['END'],
      sampling: { temperature: 0.5, topP: 0.9, topK: 40 },
      reasoning: { effort: 'xhigh', budgetTokens: 2_000, visible: null },
      output: { kind: 'schema', schema },
      userId: 'u1',
      serviceTier: 'default',
    });
    expect(dropped).toEqual([]);
  });

  it.each([
    [{ thinking: { type: 'disabled' } }, { effort: 'none', budgetTokens: null, visible: null }],
    [{ thinking: { type: 'adaptive' } }, { effort: 'high', budgetTokens: null, visible: null }],
    [
      { thinking: { type: 'adaptive', display: 'omitted' }, output_config: { effort: 'low' } },
      { effort: 'low', budgetTokens: null, visible: false },
    ],
    [{ output_config: { effort: 'medium' } }, { effort: 'medium', budgetTokens: null, visible: null }],
    [{}, null],
  ])('about thinking means what Anthropic means by it: %j', (body, reasoning) => {
    expect(read(body).request.reasoning).toEqual(reasoning);
  });

  it('puts a marker on the whole request on its last block', () => {
    const { request, dropped } = read({ cache_control: { type: 'ephemeral' } });
    expect(request.messages[0]?.content).toEqual([{ type: 'text', text: 'Hi', cache: { ttl: null } }]);
    expect(dropped).toEqual([]);
  });

  it('names everything that cannot be carried over, and loses no answer over it', () => {
    const { request, dropped } = read({
      context_management: { edits: [] },
      mcp_servers: [],
      speed: null,
      metadata: { user_id: null, team: 'x' },
      output_config: { task_budget: { total: 1 } },
      tools: [
        { type: 'web_search_20250305', name: 'web_search' },
        { name: 'run', input_schema: {}, input_examples: [{}], defer_loading: true },
      ],
      messages: [
        HELLO,
        {
          role: 'assistant',
          content: [
            { type: 'server_tool_use', id: 's1', name: 'web_search', input: {} },
            { type: 'web_search_tool_result', tool_use_id: 's1', content: [] },
            { type: 'text', text: 'Found', citations: [{ type: 'char_location' }] },
          ],
        },
      ],
    });
    expect(request.messages[1]?.content).toEqual([{ type: 'text', text: 'Found' }]);
    expect(request.tools.map(({ name }) => name)).toEqual(['run']);
    expect(dropped).toEqual([
      'server_tool_use',
      'web_search_tool_result',
      'citations',
      'hosted_tools.web_search_20250305',
      'tools.input_examples',
      'tools.defer_loading',
      'output_config.task_budget',
      'metadata.team',
      'context_management',
      'mcp_servers',
    ]);
  });
});

describe('what is no request', () => {
  const block = (value: object) => ({ messages: [{ role: 'user', content: [value] }] });
  it.each([
    [{ messages: 'Hi' }, 'messages'],
    [{ messages: [] }, 'messages'],
    [{ messages: [null] }, 'messages[0]'],
    [{ messages: [{ role: 'tool', content: '' }] }, 'messages[0].role'],
    [{ messages: [{ role: 'user', content: 5 }] }, 'messages[0].content'],
    [{ messages: [{ role: 'user', content: ['Hi'] }] }, 'messages[0].content[0]'],
    [block({ text: 'Hi' }), 'messages[0].content[0].type'],
    [block({ type: 'text', text: null }), 'messages[0].content[0].text'],
    [
      block({ type: 'text', text: 'a', cache_control: { ttl: '2h' } }),
      'messages[0].content[0].cache_control.ttl',
    ],
    [block({ type: 'image', source: { type: 'ftp' } }), 'messages[0].content[0].source.type'],
    [block({ type: 'tool_use', id: 'a', name: 'b', input: {} }), 'messages[0].content[0].type'],
    [block({ type: 'tool_result', content: 'x' }), 'messages[0].content[0].tool_use_id'],
    [{ system: [{ type: 'image' }] }, 'system[0].type'],
    [{ max_tokens: '100' }, 'max_tokens'],
    [{ stop_sequences: [1] }, 'stop_sequences[0]'],
    [{ temperature: 'hot' }, 'temperature'],
    [{ tools: [{ name: 'a' }] }, 'tools[0].input_schema'],
    [{ tools: [{ input_schema: {} }] }, 'tools[0].name'],
    [{ tool_choice: { type: 'any' } }, 'tool_choice'],
    [{ tool_choice: { type: 'tool', name: 'web_search' } }, 'tool_choice.name'],
    [{ tool_choice: 'auto' }, 'tool_choice'],
    [{ thinking: { type: 'enabled' } }, 'thinking.budget_tokens'],
    [{ thinking: { type: 'deep' } }, 'thinking.type'],
    [{ output_config: { format: { type: 'json_schema' } } }, 'output_config.format.schema'],
    [{ stream: 'yes' }, 'stream'],
  ])('names the field at fault: %j', (body, field) => {
    const error = failureOf(() => read(body));
    expect(error).toMatchObject({ code: 'BAD_REQUEST', field: field.split('.') });
    expect(error.message).toContain(`\`${field}\` must be`);
  });
});

function failureOf(act: () => unknown): AppError {
  try {
    act();
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}
