/** What callers of Responses say, in the neutral form; and what is refused before anybody is asked. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AppError } from '../../../../src/domain/errors.js';
import type { JsonObject } from '../../../../src/protocols/dialect.js';
import { openaiResponsesClient } from '../../../../src/protocols/openai-responses/index.js';
import { sealText } from '../../../../src/protocols/reasoning-seal.js';

const read = (body: JsonObject) => openaiResponsesClient.readRequest({ model: 'm', input: 'Hi', ...body });
const request = (body: JsonObject) => read(body).request;
const messages = (...input: JsonObject[]) => request({ input }).messages;
const refusal = (body: JsonObject): string => {
  try {
    read(body);
  } catch (error) {
    if (error instanceof AppError && error.code === 'BAD_REQUEST') return error.message;
    throw error;
  }
  throw new Error('it was taken');
};
const text = (said: string) => ({ type: 'text', text: said });
const message = (role: string, ...content: unknown[]) => ({ type: 'message', role, content });
const call = (id: string, name = 'f') => ({ type: 'function_call', call_id: id, name, arguments: '{"a":1}' });
const output = (id: string, said: unknown = 'ok') => ({
  type: 'function_call_output',
  call_id: id,
  output: said,
});
const callPart = (id: string, name = 'f') => ({ type: 'tool_call', id, name, input: '{"a":1}' });
const resultPart = (callId: string) => ({
  type: 'tool_result',
  callId,
  content: [text('ok')],
  isError: false,
});
const fn = (name: string) => ({ type: 'function', name, parameters: { type: 'object' }, strict: true });

describe('input', () => {
  it('may be a text, and instructions come before it', () => {
    expect(request({ instructions: 'Be brief.' }).messages).toEqual([
      { role: 'system', content: [text('Be brief.')] },
      { role: 'user', content: [text('Hi')] },
    ]);
  });
  it('keeps instructions where they stand, in either form of message', () => {
    expect(
      messages({ role: 'user', content: 'one' }, message('developer', { type: 'input_text', text: 'two' }), {
        role: 'system',
        content: 'three',
      }),
    ).toEqual([
      { role: 'user', content: [text('one')] },
      { role: 'developer', content: [text('two')] },
      { role: 'system', content: [text('three')] },
    ]);
  });
  it('makes one turn of what the model said in a row, and one of the results that answer it', () => {
    const said = message('assistant', { type: 'output_text', text: 'Let me see.', annotations: [] });
    expect(
      messages(message('user'), said, call('1'), call('2'), output('1'), output('2'), call('3'), output('3')),
    ).toEqual([
      { role: 'user', content: [] },
      { role: 'assistant', content: [text('Let me see.'), callPart('1'), callPart('2')] },
      { role: 'user', content: [resultPart('1'), resultPart('2')] },
      { role: 'assistant', content: [callPart('3')] },
      { role: 'user', content: [resultPart('3')] },
    ]);
  });
  it('carries pictures, files and sound in every way they can be given', () => {
    const data = 'data:image/png;base64,QUJD';
    const [said] = messages(
      message(
        'user',
        { type: 'input_image', image_url: data, detail: 'original' },
        { type: 'input_image', image_url: 'https://x/y.png', prompt_cache_breakpoint: { mode: 'explicit' } },
        { type: 'input_image', file_id: 'file_1' },
        { type: 'input_file', filename: 'a.pdf', file_data: 'data:application/pdf;base64,QUJD' },
        { type: 'input_file', file_url: 'https://x/a.pdf' },
        { type: 'input_file', file_data: 'QUJD' },
        { type: 'input_audio', input_audio: { data: 'QUJD', format: 'wav' } },
      ),
    );
    const pdf = { kind: 'data', mediaType: 'application/pdf', base64: 'QUJD' };
    expect(said?.content).toEqual([
      { type: 'image', source: { kind: 'data', mediaType: 'image/png', base64: 'QUJD' }, detail: 'high' },
      { type: 'image', source: { kind: 'url', url: 'https://x/y.png' }, cache: { ttl: null } },
      { type: 'image', source: { kind: 'file', fileId: 'file_1' } },
      { type: 'file', source: pdf, name: 'a.pdf' },
      { type: 'file', source: { kind: 'url', url: 'https://x/a.pdf' }, name: null },
      { type: 'file', source: pdf, name: null },
      { type: 'audio', base64: 'QUJD', format: 'wav' },
    ]);
  });
  it('carries results with pictures, and those that say they failed', () => {
    const picture = { type: 'input_image', image_url: 'https://x/y.png' };
    expect(
      messages(call('1'), output('1', [{ type: 'input_text', text: 'ok' }, picture]))[1]?.content,
    ).toEqual([
      {
        ...resultPart('1'),
        content: [text('ok'), { type: 'image', source: { kind: 'url', url: 'https://x/y.png' } }],
      },
    ]);
    expect(messages(call('1'), output('1', { content: 'ok', success: false }))[1]?.content).toEqual([
      { ...resultPart('1'), isError: true },
    ]);
  });
  it('knows whose a thought is', () => {
    const ours = { model: 'zai/glm', protocol: 'OPENAI_CHAT', signature: null } as const;
    const summary = [
      { type: 'summary_text', text: 'one' },
      { type: 'summary_text', text: 'two' },
    ];
    const thought = (fields: JsonObject) =>
      messages({ type: 'reasoning', id: 'rs_1', summary: [], ...fields }, call('1'))[0]?.content[0];
    expect(thought({ summary, encrypted_content: sealText(ours) })).toEqual({
      type: 'reasoning',
      text: 'one\n\ntwo',
      origin: ours,
    });
    expect(thought({ encrypted_content: 'of openai' })).toEqual({
      type: 'reasoning',
      text: '',
      origin: { model: null, protocol: 'OPENAI_RESPONSES', signature: 'of openai', itemId: 'rs_1' },
    });
    expect(thought({ content: [{ type: 'reasoning_text', text: 'raw' }] })).toMatchObject({ text: 'raw' });
    expect(thought({})).toEqual(callPart('1'));
  });
  it('carries what the caller ran under a type of its own', () => {
    const action = { type: 'exec', command: ['ls'] };
    expect(
      messages(
        { type: 'local_shell_call', call_id: 'c', action, status: 'completed' },
        { type: 'local_shell_call_output', id: 'c', output: 'ok' },
        { type: 'apply_patch_call', call_id: 'p', operation: { type: 'delete_file', path: 'x' } },
        { type: 'apply_patch_call_output', call_id: 'p', status: 'failed', output: 'ok' },
      ),
    ).toEqual([
      {
        role: 'assistant',
        content: [{ ...callPart('c', 'local_shell'), input: JSON.stringify(action) }],
      },
      { role: 'user', content: [resultPart('c')] },
      {
        role: 'assistant',
        content: [{ ...callPart('p', 'apply_patch'), input: '{"type":"delete_file","path":"x"}' }],
      },
      { role: 'user', content: [{ ...resultPart('p'), isError: true }] },
    ]);
  });
  it('leaves out records of what a provider ran, by name', () => {
    const item = { type: 'web_search_call', id: 'ws', status: 'completed', action: {} };
    expect(read({ input: [{ role: 'user', content: 'Hi' }, item, item] })).toMatchObject({
      dropped: ['input.web_search_call'],
      request: { messages: [{ role: 'user' }] },
    });
  });
});

describe('tools', () => {
  const grammar = { type: 'grammar', syntax: 'lark', definition: 'start: "x"' };
  const custom = { type: 'custom', name: 'patch', description: 'Patches.', format: grammar };
  it('are functions and free text, in namespaces or not; those a provider would run are named', () => {
    const namespace = { type: 'namespace', name: 'agents', description: '', tools: [fn('close'), custom] };
    const { request: asked, dropped } = read({ tools: [fn('f'), custom, namespace, { type: 'web_search' }] });
    expect(asked.tools).toEqual([
      { name: 'f', description: null, parameters: { type: 'object' }, strict: true },
      { name: 'patch', description: 'Patches.', parameters: null, strict: null, freeText: grammar },
      {
        name: 'agents__close',
        description: null,
        parameters: { type: 'object' },
        strict: true,
        callFields: { name: 'close', namespace: 'agents' },
      },
      {
        name: 'agents__patch',
        description: 'Patches.',
        parameters: null,
        strict: null,
        freeText: grammar,
        callFields: { name: 'patch', namespace: 'agents' },
      },
    ]);
    expect(dropped).toEqual(['hosted_tools.web_search']);
  });
  it('have names that every provider takes, the same each time', () => {
    const namespace = { type: 'namespace', name: `mcp__${'n'.repeat(60)}__`, tools: [fn('a'), fn('b')] };
    const names = () => request({ tools: [namespace] }).tools.map(({ name }) => name);
    expect(names()).toEqual(names());
    expect(new Set(names()).size).toBe(2);
    for (const name of names()) expect(name).toMatch(/^[a-zA-Z0-9_-]{1,64}$/);
  });
  it('may come with items, also those that a search found', () => {
    const asked = request({
      tools: [{ type: 'tool_search', execution: 'client', parameters: { type: 'object' } }],
      input: [
        { type: 'additional_tools', role: 'developer', tools: [fn('a')] },
        { role: 'user', content: 'Hi' },
        { type: 'tool_search_call', call_id: 's', arguments: { query: 'b' } },
        { type: 'tool_search_output', call_id: 's', tools: [fn('b')] },
      ],
    });
    expect(asked.tools.map(({ name }) => name)).toEqual(['tool_search', 'a', 'b']);
    expect(asked.messages.slice(1)).toEqual([
      { role: 'assistant', content: [{ ...callPart('s', 'tool_search'), input: '{"query":"b"}' }] },
      { role: 'user', content: [{ ...resultPart('s'), content: [text('Tools found: b.')] }] },
    ]);
  });
  it('are called in history under the names they have here', () => {
    const namespace = { type: 'namespace', name: 'agents', tools: [fn('close')] };
    const input = [
      { ...call('1', 'close'), namespace: 'agents' },
      { type: 'custom_tool_call', call_id: '2', name: 'patch', input: '*** Begin' },
      { type: 'custom_tool_call', call_id: '3', name: 'gone', input: 'text' },
    ];
    expect(request({ tools: [namespace, custom], input }).messages[0]?.content).toEqual([
      callPart('1', 'agents__close'),
      { ...callPart('2', 'patch'), input: '*** Begin' },
      { ...callPart('3', 'gone'), input: '{"input":"text"}' },
    ]);
  });

  const tools = [fn('f'), fn('g'), custom, { type: 'web_search' }];
  it.each([
    ['auto', { kind: 'auto' }],
    ['none', { kind: 'none' }],
    ['required', { kind: 'required' }],
    [
      { type: 'function', name: 'f' },
      { kind: 'tool', name: 'f' },
    ],
    [
      { type: 'custom', name: 'patch' },
      { kind: 'tool', name: 'patch' },
    ],
  ])('are chosen by %j', (choice, kind) => {
    expect(request({ tools, tool_choice: choice }).toolChoice).toEqual(kind);
  });
  it('are only those that are allowed', () => {
    const asked = request({
      tools,
      tool_choice: {
        type: 'allowed_tools',
        mode: 'required',
        tools: [{ type: 'function', name: 'g' }, { type: 'web_search' }],
      },
    });
    expect(asked.toolChoice).toEqual({ kind: 'required' });
    expect(asked.tools.map(({ name }) => name)).toEqual(['g']);
  });
  it.each([
    { type: 'web_search_preview' },
    { type: 'mcp', server_label: 'x' },
    { type: 'function', name: 'unknown' },
    { type: 'allowed_tools', mode: 'required', tools: [{ type: 'web_search' }] },
    'sometimes',
  ])('cannot be forced by %j', (choice) => {
    expect(refusal({ tools, tool_choice: choice })).toMatch(/tool_choice/);
  });
  it('cannot be required when there are none that could be carried over', () => {
    expect(refusal({ tools: [{ type: 'web_search' }], tool_choice: 'required' })).toMatch(/requires a call/);
  });
});

describe('settings', () => {
  it('are read in full', () => {
    const schema = { type: 'object' };
    const asked = request({
      parallel_tool_calls: false,
      max_output_tokens: 900,
      temperature: 0.5,
      top_p: 0.9,
      reasoning: { effort: 'high', summary: 'auto' },
      text: {
        format: { type: 'json_schema', name: 's', schema, strict: true, description: 'd' },
        verbosity: 'low',
      },
      metadata: { a: 'b' },
      safety_identifier: 'u',
      prompt_cache_key: 'k',
      service_tier: 'flex',
      stream: true,
    });
    expect(asked).toMatchObject({
      parallelToolCalls: false,
      maxOutputTokens: 900,
      sampling: { temperature: 0.5, topP: 0.9 },
      reasoning: { effort: 'high', budgetTokens: null, visible: true },
      output: { kind: 'schema', name: 's', schema, strict: true, description: 'd' },
      verbosity: 'low',
      metadata: { a: 'b' },
      userId: 'u',
      cacheKey: 'k',
      serviceTier: 'flex',
      stream: true,
      wantsUsage: true,
    });
  });
  it('that are what happens anyway are not dropped; others are, by name', () => {
    const usual = {
      store: false,
      background: false,
      truncation: 'disabled',
      top_logprobs: 0,
      include: ['reasoning.encrypted_content'],
      stream_options: { include_obfuscation: false },
      text: { format: { type: 'text' } },
      user: null,
    };
    expect(read(usual).dropped).toEqual([]);
    const other = {
      store: true,
      truncation: 'auto',
      top_logprobs: 3,
      include: ['message.output_text.logprobs'],
      stream_options: { include_obfuscation: true },
      client_metadata: { a: 'b' },
      reasoning: { context: 'current_turn' },
    };
    expect(read(other).dropped).toEqual([
      'store',
      'truncation',
      'top_logprobs',
      'stream_options',
      'client_metadata',
      'include.message.output_text.logprobs',
      'reasoning.context',
    ]);
  });
});

describe('what is refused', () => {
  it.each([
    [{ previous_response_id: 'resp_1' }, /previous_response_id.*whole conversation in `input`/],
    [{ conversation: 'conv_1' }, /conversation.*whole conversation in `input`/],
    [{ prompt: { id: 'pmpt_1' } }, /prompt.*instructions/],
    [{ background: true }, /background.*Leave it out/],
    [{ input: [{ type: 'item_reference', id: 'x' }] }, /input\[0\].*Send the item itself/],
    [{ input: [{ id: 'x' }] }, /input\[0\].*Send the item itself/],
    [{ input: [{ type: 'compaction', encrypted_content: 'x' }] }, /input\[0\].*as messages/],
    [{ input: undefined }, /`input` must be/],
    [{ input: [1] }, /`input\[0\]` must be an object/],
    [{ input: [{ role: 'narrator', content: '' }] }, /`input\[0\]\.role` must be/],
    [{ input: [{ role: 'user', content: [{ type: 'video' }] }] }, /`input\[0\]\.content\[0\]\.type` must be/],
    [{ input: [{ type: 'function_call', name: 'f', arguments: '' }] }, /`input\[0\]\.call_id` must be/],
    [{ tools: [{ type: 'function' }] }, /`tools\[0\]\.name` must be/],
    [{ metadata: { a: 1 } }, /`metadata\.a` must be a string/],
    [{ text: { format: { type: 'yaml' } } }, /`text\.format\.type` must be/],
    [{ reasoning: { effort: 'much' } }, /`reasoning\.effort` must be/],
    [{ max_output_tokens: 'many' }, /`max_output_tokens` must be/],
  ] as const)('%j', (body, words) => {
    expect(refusal(body)).toMatch(words);
  });
  it('is said in our words whatever the types are', () => {
    const keys = [
      'input',
      'tools',
      'tool_choice',
      'reasoning',
      'text',
      'metadata',
      'include',
      'instructions',
    ];
    const types = ['message', 'reasoning', 'function_call', 'function_call_output', 'custom', 'namespace'];
    const value = fc.oneof(
      fc.jsonValue(),
      fc.array(
        fc.dictionary(
          fc.constantFrom('type', 'role', 'content', 'name', 'call_id', 'output', 'tools', 'summary'),
          fc.oneof(fc.constantFrom(...types, 'user'), fc.jsonValue()),
        ),
      ),
    );
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...keys), value), (body) => {
        try {
          read(body);
        } catch (error) {
          if (!(error instanceof AppError && error.code === 'BAD_REQUEST')) throw error;
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
