/** Providers of Responses: how they are asked, and what their answers say, whole and as a stream. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ANSWER_PARTS_MAX } from '../../../../src/config/limits.js';
import { AppError } from '../../../../src/domain/errors.js';
import type {
  CanonicalMessage,
  CanonicalRequest,
  CanonicalTool,
} from '../../../../src/protocols/canonical.js';
import {
  openaiResponses,
  openaiResponsesClient,
  openaiResponsesProvider,
} from '../../../../src/protocols/openai-responses/index.js';
import type { Target } from '../../../../src/protocols/target.js';
import {
  CONTEXT,
  decode,
  recorded,
  REQUEST,
  stated,
  streamOf,
  TARGET,
  toldBy,
  type Fields,
} from './support.js';

const write = (request: Partial<CanonicalRequest>, target: Partial<Target> = {}) =>
  openaiResponsesProvider.writeRequest({ ...REQUEST, ...request }, { ...TARGET, ...target });
const body = (request: Partial<CanonicalRequest>, target: Partial<Target> = {}): Fields =>
  write(request, target).body;
const input = (messages: readonly CanonicalMessage[], more: Partial<CanonicalRequest> = {}, target = {}) =>
  body({ messages, ...more }, target)['input'];
const refusal = (request: Partial<CanonicalRequest>, target: Partial<Target> = {}): string => {
  try {
    write(request, target);
  } catch (error) {
    if (error instanceof AppError && error.code === 'BAD_REQUEST') return error.message;
    throw error;
  }
  throw new Error('it was written');
};
const text = (said: string) => ({ type: 'text', text: said }) as const;
const fn: CanonicalTool = { name: 'f', description: 'd', parameters: { type: 'object' }, strict: null };
const custom: CanonicalTool = { ...fn, name: 'patch', parameters: null, freeText: { type: 'text' } };
const call = (id: string, name: string, said: string) =>
  ({ type: 'tool_call', id, name, input: said }) as const;
const result = (callId: string, said: string, isError = false) =>
  ({ type: 'tool_result', callId, content: [text(said)], isError }) as const;

describe('a request', () => {
  it('keeps nothing at the provider, and asks for sealed thoughts where the model has some', () => {
    expect(body({})).toEqual({
      model: 'gpt-x',
      input: [{ type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Hi' }] }],
      store: false,
      stream: true,
    });
    expect(body({}, { capabilities: ['REASONING'] })['include']).toEqual(['reasoning.encrypted_content']);
  });
  it('has its first instructions in their field and later ones in place', () => {
    const written = body({
      messages: [
        { role: 'system', content: [text('a'), text('b')] },
        { role: 'developer', content: [text('c')] },
        { role: 'user', content: [text('Hi')] },
        { role: 'developer', content: [text('d')] },
      ],
    });
    expect(written['instructions']).toBe('a\n\nb\n\nc');
    expect(written['input']).toMatchObject([
      { role: 'user' },
      { role: 'developer', content: [{ text: 'd' }] },
    ]);
    expect(input([{ role: 'system', content: [text('a')] }])).toMatchObject([{ role: 'system' }]);
  });
  it('says what the model said before in its order, with the results', () => {
    expect(
      input(
        [
          {
            role: 'assistant',
            content: [
              text('a'),
              { type: 'refusal', text: 'b' },
              call('1', 'f', ''),
              call('2', 'patch', '*** x'),
              text('c'),
            ],
          },
          { role: 'user', content: [result('1', 'one'), result('2', 'two', true), text('Go on.')] },
        ],
        { tools: [fn, custom] },
      ),
    ).toEqual([
      {
        type: 'message',
        role: 'assistant',
        content: [
          { type: 'output_text', text: 'a', annotations: [] },
          { type: 'refusal', refusal: 'b' },
        ],
      },
      { type: 'function_call', call_id: '1', name: 'f', arguments: '{}' },
      { type: 'custom_tool_call', call_id: '2', name: 'patch', input: '*** x' },
      { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'c', annotations: [] }] },
      { type: 'function_call_output', call_id: '1', output: 'one' },
      { type: 'custom_tool_call_output', call_id: '2', output: 'Error: two' },
      { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Go on.' }] },
    ]);
  });
  it('carries pictures and files, also in results, and refuses what the format has no way for', () => {
    const source = { kind: 'data', mediaType: 'image/png', base64: 'QUJD' } as const;
    const file = {
      type: 'file',
      source: { ...source, mediaType: 'application/pdf' },
      name: 'a.pdf',
    } as const;
    const picture = { type: 'input_image', detail: 'low', image_url: 'data:image/png;base64,QUJD' };
    const pdf = { type: 'input_file', filename: 'a.pdf', file_data: 'data:application/pdf;base64,QUJD' };
    expect(
      input([
        {
          role: 'user',
          content: [
            { ...result('1', 'see'), content: [text('see'), { type: 'image', source, detail: 'low' }] },
            { type: 'image', source, detail: 'low' },
            file,
          ],
        },
      ]),
    ).toEqual([
      { type: 'function_call_output', call_id: '1', output: [{ type: 'input_text', text: 'see' }, picture] },
      { type: 'message', role: 'user', content: [picture, pdf] },
    ]);
    const audio = { type: 'audio', base64: 'QUJD', format: 'wav' } as const;
    expect(refusal({ messages: [{ role: 'user', content: [audio] }] })).toMatch(/audio/);
    const byUrl = { type: 'image', source: { kind: 'url', url: 'https://x/' } } as const;
    expect(
      refusal({ messages: [{ role: 'user', content: [byUrl] }] }, { quirks: { noImageUrls: true } }),
    ).toMatch(/URL/);
  });
  it('shows a thought to the model it is from, and to no other', () => {
    const origin = {
      model: TARGET.model,
      protocol: 'OPENAI_RESPONSES',
      signature: 'gAAA',
      itemId: 'rs_1',
    } as const;
    const turn = (thought: object) =>
      input([
        {
          role: 'assistant',
          content: [{ type: 'reasoning', text: 'Hm.', origin, ...thought }, call('1', 'f', '{}')],
        },
      ]);
    expect(turn({})).toMatchObject([
      {
        type: 'reasoning',
        id: 'rs_1',
        summary: [{ type: 'summary_text', text: 'Hm.' }],
        encrypted_content: 'gAAA',
      },
      { type: 'function_call' },
    ]);
    for (const other of [
      { model: 'zai/glm' },
      { model: null },
      { signature: null },
      { protocol: 'OPENAI_CHAT' },
    ]) {
      expect(turn({ origin: { ...origin, ...other } })).toMatchObject([{ type: 'function_call' }]);
    }
    expect(input([{ role: 'assistant', content: [{ type: 'reasoning', text: 'Hm.', origin }] }])).toEqual([]);
  });
  it('has tools, never strict by silence, and the choice among them', () => {
    const tools = [fn, custom];
    const written = body({ tools, toolChoice: { kind: 'tool', name: 'patch' }, parallelToolCalls: false });
    expect(written).toMatchObject({
      tools: [
        { type: 'function', name: 'f', description: 'd', parameters: { type: 'object' }, strict: false },
        { type: 'custom', name: 'patch', description: 'd', format: { type: 'text' } },
      ],
      tool_choice: { type: 'custom', name: 'patch' },
      parallel_tool_calls: false,
    });
    const quirks = { toolChoiceAutoOnly: true };
    expect(refusal({ tools, toolChoice: { kind: 'required' } }, { quirks })).toMatch(/tool_choice/);
    expect(write({ tools, toolChoice: { kind: 'none' } }, { quirks })).toMatchObject({
      repairs: ['tool_choice'],
    });
    expect(body({ tools, toolChoice: { kind: 'none' } }, { quirks })).not.toHaveProperty('tools');
    expect(refusal({ tools }, { quirks: { refusedFields: ['tools'] } })).toMatch(/tools/);
  });
  it('asks for as much thinking as was wished for, as far as the model knows it', () => {
    const wish = { effort: null, budgetTokens: null, visible: null };
    const reasoning = (more: Partial<typeof wish> | object, target: Partial<Target> = {}) =>
      body({ reasoning: { ...wish, ...more } }, target)['reasoning'];
    expect(reasoning({ effort: 'high', visible: true })).toEqual({ effort: 'high', summary: 'auto' });
    expect(reasoning({ budgetTokens: 2_000 })).toEqual({ effort: 'low' });
    expect(reasoning({ effort: 'xhigh' }, { quirks: { efforts: ['low', 'high'] } })).toEqual({
      effort: 'high',
    });
    const unable = write({ reasoning: { ...wish, effort: 'high' } }, { capabilities: ['TOOLS'] });
    expect(unable.body).not.toHaveProperty('reasoning');
    expect(unable.body).not.toHaveProperty('include');
    expect(unable.dropped).toEqual(['reasoning_effort']);
  });
  it('names what the format has no word for, and every number it changed', () => {
    const written = write(
      {
        sampling: { temperature: 1.5, topP: 0.5, topK: 3, seed: 1, presencePenalty: 1, frequencyPenalty: 1 },
        stop: ['x'],
        maxOutputTokens: 500,
        serviceTier: 'standard_only',
        userId: 'u'.repeat(80),
        cacheKey: 'k',
      },
      { maxOutputTokens: 100, quirks: { temperatureMax: 1, refusedFields: ['top_p', 'store'] } },
    );
    expect(written.dropped).toEqual([
      'stop',
      'top_k',
      'presence_penalty',
      'frequency_penalty',
      'seed',
      'service_tier',
      'top_p',
    ]);
    expect(written.repairs).toEqual(['max_tokens_clamped', 'temperature_clamped', 'keys_hashed']);
    expect(written.body).toMatchObject({ max_output_tokens: 100, temperature: 1, prompt_cache_key: 'k' });
    expect(written.body['safety_identifier']).toMatch(/^[0-9a-f]{64}$/);
    expect(written.body).not.toHaveProperty('store');
    expect(write({ maxOutputTokens: 1 })).toMatchObject({
      body: { max_output_tokens: 16 },
      repairs: ['max_tokens_raised'],
    });
  });
  it('has its output format and verbosity', () => {
    const schema = { type: 'object' };
    const output = { kind: 'schema', name: 's', description: null, schema, strict: true } as const;
    expect(body({ output, verbosity: 'low' })['text']).toEqual({
      format: { type: 'json_schema', name: 's', schema, strict: true },
      verbosity: 'low',
    });
    expect(body({ output: { kind: 'json' } })['text']).toEqual({ format: { type: 'json_object' } });
    expect(refusal({ output }, { quirks: { refusedFields: ['text'] } })).toMatch(/text/);
  });
  it('reads again as what it was written from', () => {
    const messages: CanonicalMessage[] = [
      { role: 'system', content: [text('Be brief.')] },
      { role: 'user', content: [text('Hi')] },
      { role: 'assistant', content: [text('a'), call('1', 'f', '{"a":1}'), call('2', 'patch', 'raw')] },
      { role: 'user', content: [result('1', 'one'), result('2', 'two')] },
    ];
    const request = {
      ...REQUEST,
      messages,
      tools: [{ ...fn, strict: false }, custom],
      toolChoice: { kind: 'required' } as const,
    };
    expect(openaiResponsesClient.readRequest(write(request).body)).toEqual({ request, dropped: [] });
  });
});

const message = (content: readonly object[]) => ({
  type: 'message',
  id: 'msg_1',
  role: 'assistant',
  content,
});
const reasoning = {
  type: 'reasoning',
  id: 'rs_1',
  summary: [
    { type: 'summary_text', text: 'one' },
    { type: 'summary_text', text: 'two' },
  ],
  encrypted_content: 'gAAA',
};
const said = {
  type: 'output_text',
  text: 'é€𝕏',
  annotations: [{ type: 'url_citation', url: 'https://x/', title: 'T', start_index: 0, end_index: 3 }],
};
const refused = { type: 'refusal', refusal: 'No.' };
const called = { type: 'function_call', id: 'fc_1', call_id: 'call_1', name: 'f', arguments: '{"a":1}' };
const patched = { type: 'custom_tool_call', id: 'ctc_1', call_id: 'call_2', name: 'patch', input: '*** x' };
const output = [reasoning, message([said, refused]), called, patched, { type: 'web_search_call', id: 'ws' }];
const usage = {
  input_tokens: 9,
  output_tokens: 5,
  output_tokens_details: { reasoning_tokens: 2 },
  total_tokens: 14,
};
const response = { id: 'resp_1', status: 'completed', output, usage };
const parts = [
  {
    type: 'reasoning',
    text: 'one\n\ntwo',
    origin: { model: TARGET.model, protocol: 'OPENAI_RESPONSES', signature: 'gAAA', itemId: 'rs_1' },
  },
  { type: 'text', text: 'é€𝕏', citations: [{ title: 'T', url: 'https://x/', quote: null }] },
  { type: 'refusal', text: 'No.' },
  { type: 'tool_call', id: 'call_1', name: 'f', input: '{"a":1}' },
  { type: 'tool_call', id: 'call_2', name: 'patch', input: '*** x' },
];
const told = {
  id: 'resp_1',
  parts,
  finish: { reason: 'tool_calls', stopSequence: null },
  usage: stated({ prompt: 9, output: 5, reasoning: 2, total: 14 }),
};

describe('a whole answer', () => {
  const read = (fields: Fields) => openaiResponsesProvider.readAnswer({ ...response, ...fields }, TARGET);
  it('says what its items say', () => {
    expect(read({})).toEqual(told);
  });
  it('ended as it says', () => {
    const reason = (fields: Fields) => read(fields).finish.reason;
    expect(reason({ output: [message([said])] })).toBe('stop');
    expect(reason({ output: [message([refused])] })).toBe('refusal');
    expect(reason({ status: 'incomplete' })).toBe('length');
    expect(reason({ status: 'incomplete', incomplete_details: { reason: 'content_filter' } })).toBe(
      'content_filter',
    );
  });
  it('shows the thought itself where there is no summary of it', () => {
    const raw = { type: 'reasoning', summary: [], content: [{ type: 'reasoning_text', text: 'raw' }] };
    expect(read({ output: [raw] }).parts).toMatchObject([{ text: 'raw', origin: { signature: null } }]);
  });
});

const at = (output_index: number, type: string, fields: object) => ({
  type: `response.${type}`,
  output_index,
  ...fields,
});
/** Every event OpenAI would send for these items. */
const FULL: readonly object[] = [
  { type: 'response.created', response: { ...response, status: 'in_progress', output: [], usage: null } },
  { type: 'response.in_progress', response: { id: 'resp_1' } },
  at(0, 'output_item.added', { item: { ...reasoning, summary: [], encrypted_content: '' } }),
  at(0, 'reasoning_summary_part.added', { summary_index: 0, part: {} }),
  at(0, 'reasoning_summary_text.delta', { summary_index: 0, delta: 'o' }),
  at(0, 'reasoning_summary_text.delta', { summary_index: 0, delta: 'ne' }),
  at(0, 'reasoning_summary_text.done', { summary_index: 0, text: 'one' }),
  at(0, 'reasoning_summary_text.delta', { summary_index: 1, delta: 'two' }),
  at(0, 'output_item.done', { item: reasoning }),
  at(1, 'output_item.added', { item: message([]) }),
  at(1, 'content_part.added', { content_index: 0, part: { type: 'output_text', text: '' } }),
  at(1, 'output_text.delta', { content_index: 0, delta: 'é€' }),
  at(1, 'output_text.delta', { content_index: 0, delta: '𝕏' }),
  at(1, 'output_text.annotation.added', { content_index: 0, annotation: said.annotations[0] }),
  at(1, 'output_text.done', { content_index: 0, text: said.text }),
  at(1, 'content_part.done', { content_index: 0, part: said }),
  at(1, 'refusal.delta', { content_index: 1, delta: 'No.' }),
  at(1, 'refusal.done', { content_index: 1, refusal: 'No.' }),
  at(1, 'content_part.done', { content_index: 1, part: refused }),
  at(1, 'output_item.done', { item: message([said, refused]) }),
  at(2, 'output_item.added', { item: { ...called, arguments: '' } }),
  at(2, 'function_call_arguments.delta', { delta: '{"a"' }),
  at(2, 'function_call_arguments.delta', { delta: ':1}' }),
  at(2, 'function_call_arguments.done', { arguments: called.arguments }),
  at(2, 'output_item.done', { item: called }),
  at(3, 'output_item.added', { item: { ...patched, input: '' } }),
  at(3, 'custom_tool_call_input.delta', { delta: '*** x' }),
  at(3, 'output_item.done', { item: patched }),
  { type: 'response.completed', response },
];
const isDelta = (frame: object) => 'delta' in frame;
const without = (leftOut: (frame: object) => boolean) => FULL.filter((frame) => !leftOut(frame));
const typeOf = (frame: object) => (frame as { type: string }).type;
const decodeFrames = (frames: readonly object[]) =>
  toldBy(decode(openaiResponsesProvider.createStreamDecoder(TARGET), [streamOf(frames)]));

/** Frames as providers send them who leave something out. */
const STREAMS: readonly (readonly [string, readonly object[]])[] = [
  ['with everything', FULL],
  ['without deltas', without(isDelta)],
  ['with items in the closing frame only', without((frame) => 'output_index' in frame)],
  [
    'with finished items only',
    without((frame) => 'output_index' in frame && !typeOf(frame).endsWith('item.done')),
  ],
  [
    'without items in the closing frame',
    FULL.map((frame) =>
      typeOf(frame) === 'response.completed' ? { ...frame, response: { ...response, output: [] } } : frame,
    ),
  ],
  ['without openings', without((frame) => typeOf(frame).endsWith('.added') && !('annotation' in frame))],
  ['without annotations on their own', without((frame) => 'annotation' in frame)],
  ['without finished items', without((frame) => typeOf(frame) === 'response.output_item.done')],
];

describe('a stream', () => {
  it.each(STREAMS)('%s says what the whole answer says', (_name, frames) => {
    expect(decodeFrames(frames)).toEqual(told);
  });
  it('tells each delta as it comes', () => {
    const decoder = openaiResponsesProvider.createStreamDecoder(TARGET);
    const deltas = FULL.flatMap((frame) =>
      decoder
        .push(Buffer.from(streamOf([frame])))
        .flatMap((event) => (event.type === 'delta' ? [event.text] : [])),
    );
    expect(deltas).toEqual(['o', 'ne', '\n\ntwo', 'é€', '𝕏', 'No.', '{"a"', ':1}', '*** x']);
  });
  it('is known by item ids where it does not number its items', () => {
    const frames = [
      { type: 'response.output_item.added', item: message([]) },
      { type: 'response.output_text.delta', item_id: 'msg_1', delta: 'Hi' },
      { type: 'response.output_item.done', item: message([{ type: 'output_text', text: 'Hi' }]) },
      { type: 'response.incomplete', response: { status: 'incomplete', output: [] } },
    ];
    expect(decodeFrames(frames)).toMatchObject({
      id: null,
      parts: [{ type: 'text', text: 'Hi' }],
      finish: { reason: 'length' },
    });
  });
  it('shows one form of a thought where a provider sends both', () => {
    const raw = { type: 'reasoning', summary: [{ text: 'short' }], content: [{ text: 'long thought' }] };
    expect(
      decodeFrames([
        at(0, 'reasoning_text.delta', { content_index: 0, delta: 'long ' }),
        at(0, 'reasoning_summary_text.delta', { summary_index: 0, delta: 'short' }),
        at(0, 'output_item.done', { item: raw }),
        { type: 'response.completed', response: { status: 'completed', output: [raw] } },
      ]).parts,
    ).toMatchObject([{ text: 'long thought' }]);
  });
  it('that breaks off or fails has no end', () => {
    expect(decodeFrames(FULL.slice(0, -1)).finish).toBeNull();
    const failed = { type: 'response.failed', response: { error: { code: 'server_error', message: 'no' } } };
    const decoder = openaiResponsesProvider.createStreamDecoder(TARGET);
    expect(toldBy(decode(decoder, [streamOf([...FULL.slice(0, -1), failed])])).finish).toBeNull();
    expect(decoder).toMatchObject({ finished: false, errorData: JSON.stringify(failed) });
  });
  it('as recorded is what OpenAI said', () => {
    const answer = toldBy(decode(openaiResponsesProvider.createStreamDecoder(TARGET), [recorded()]));
    expect(answer).toMatchObject({
      id: 'resp_custom_tool_test_001',
      parts: [
        {
          type: 'tool_call',
          id: 'call_custom_sql_001',
          name: 'write_sql',
          input: 'SELECT * FROM users WHERE age > 25',
        },
      ],
      finish: { reason: 'tool_calls' },
    });
  });
  it('comes back out as it went in, through the writer for clients', () => {
    const decoder = openaiResponsesProvider.createStreamDecoder(TARGET);
    const events = decode(decoder, [streamOf(FULL)]);
    const request = { ...REQUEST, tools: [fn, custom] };
    const writer = openaiResponsesClient.createStreamWriter({ ...CONTEXT, request, model: TARGET.model });
    const again = decode(openaiResponsesProvider.createStreamDecoder(TARGET), [
      writer.write(events) + writer.end(),
    ]);
    const [thought, ...others] = toldBy(again).parts;
    expect(others).toEqual(parts.slice(1));
    expect(thought).toMatchObject({ text: 'one\n\ntwo' });
  });
});

const state = ({ usage: used, opened, contentFrames, finished, closed, errorData }: Fields) => ({
  used,
  opened,
  contentFrames,
  finished,
  closed,
  errorData,
});
function both(chunks: readonly (string | Buffer)[]) {
  const decoder = openaiResponsesProvider.createStreamDecoder(TARGET);
  const reader = openaiResponses.createStreamReader({ hideUsage: false });
  const events = decode(decoder, chunks);
  for (const chunk of chunks) reader.push(Buffer.from(chunk));
  reader.end();
  expect(state(decoder as unknown as Fields)).toEqual(state(reader as unknown as Fields));
  return { events, state: state(decoder as unknown as Fields) };
}

describe('whatever the bytes', () => {
  const streams = [recorded(), ...STREAMS.map(([, frames]) => streamOf(frames)), streamOf(FULL).trimEnd()];
  it('gives the same events, usage and state, cut anywhere', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...streams),
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 8 }),
        (stream, cuts) => {
          const bytes = Buffer.from(stream);
          const places = [
            0,
            ...cuts.map((cut) => Math.floor(cut * bytes.length)).sort((a, b) => a - b),
            bytes.length,
          ];
          const chunks = places.slice(1).map((end, index) => bytes.subarray(places[index], end));
          expect(both(chunks)).toEqual(both([bytes]));
        },
      ),
      { numRuns: 300 },
    );
    for (const stream of streams) {
      expect(both(Array.from(Buffer.from(stream), (byte) => Buffer.of(byte)))).toEqual(both([stream]));
    }
  });
  it('never throws, and tells of parts by the rules', () => {
    const types = [...new Set(FULL.map(typeOf)), 'response.reasoning_text.delta', 'error', 'response.failed'];
    const values = fc.oneof(
      fc.jsonValue(),
      fc.constantFrom<unknown>(
        ...output,
        ...output.map((item) => [item]),
        said,
        refused,
        response,
        0,
        1,
        'x',
      ),
    );
    const keys = [
      'output_index',
      'content_index',
      'summary_index',
      'item_id',
      'item',
      'part',
      'delta',
      'response',
      'annotation',
    ];
    const frame = fc.oneof(
      fc.constantFrom(...FULL).map((whole) => `data: ${JSON.stringify(whole)}\n\n`),
      fc
        .tuple(fc.constantFrom(...types), fc.dictionary(fc.constantFrom(...keys), values))
        .map(([type, fields]) => `data: ${JSON.stringify({ type, ...fields })}\n\n`),
      fc.string().map((noise) => `${noise}\n`),
    );
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 20 }), (frames) => {
        toldBy(both(frames).events);
      }),
      { numRuns: 1_500 },
    );
  });
  it('follows no more parts than it can remember', () => {
    const decoder = openaiResponsesProvider.createStreamDecoder(TARGET);
    for (let index = 0; index < ANSWER_PARTS_MAX + 500; index++) {
      decoder.push(Buffer.from(streamOf([at(index, 'output_text.delta', { content_index: 0, delta: 'x' })])));
    }
    const ended = decode(decoder, [streamOf([{ type: 'response.completed', response: {} }])]);
    expect(ended.filter(({ type }) => type === 'close')).toHaveLength(ANSWER_PARTS_MAX);
    expect(ended.at(-1)).toMatchObject({ type: 'finish' });
  });
});
