/** Answers in the form of Responses, whole and as a stream; OpenAI's own SDK reads the stream. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import type {
  AnswerPart,
  CanonicalAnswer,
  CanonicalEvent,
  CanonicalTool,
  FinishReason,
} from '../../../../src/protocols/canonical.js';
import type { AnswerContext, JsonObject } from '../../../../src/protocols/dialect.js';
import { openaiResponsesClient } from '../../../../src/protocols/openai-responses/index.js';
import type { DialectError } from '../../../../src/protocols/protocol.js';
import { readSeal } from '../../../../src/protocols/reasoning-seal.js';
import { CONTEXT, dataOf, REQUEST, stated, type Fields } from './support.js';

const tool = (name: string, more: Partial<CanonicalTool> = {}): CanonicalTool => ({
  name,
  description: null,
  parameters: {},
  strict: null,
  ...more,
});
const context: AnswerContext = {
  ...CONTEXT,
  request: {
    ...REQUEST,
    tools: [
      tool('look'),
      tool('patch', { parameters: null, freeText: { type: 'text' } }),
      tool('agents__close', { callFields: { name: 'close', namespace: 'agents' } }),
      tool('tool_search', { callFields: { type: 'tool_search_call', execution: 'client' } }),
    ],
  },
};
const origin = { model: 'kimi/k2', protocol: 'OPENAI_CHAT', signature: 'seal' } as const;
const citation = { title: 'T', url: 'https://x/', quote: 'q' };
const call = (name: string, input: string): AnswerPart => ({
  type: 'tool_call',
  id: `call_${name}`,
  name,
  input,
});

const PARTS: readonly AnswerPart[] = [
  { type: 'reasoning', text: 'Hm. So.', origin },
  { type: 'reasoning', text: '', origin },
  { type: 'text', text: 'é€𝕏 and more', citations: [citation] },
  { type: 'text', text: 'a second piece' },
  { type: 'refusal', text: 'No.' },
  call('look', '{"at":"x"}'),
  call('look', ''),
  call('patch', '{"input":"*** Begin\\n\\u00e9\\ud83d\\ude00"}'),
  call('patch', 'as it is'),
  call('agents__close', '{}'),
  call('tool_search', '{"query":"q"}'),
  { type: 'text', text: 'The end.' },
];
const usage = stated({ prompt: 20, cacheRead: 5, output: 9, reasoning: 4 });
const answer = (parts: readonly AnswerPart[], reason: FinishReason = 'stop'): CanonicalAnswer => ({
  id: 'chatcmpl-1',
  parts,
  finish: { reason, stopSequence: null },
  usage,
});

/** The answer as a decoder tells it, in deltas of some length. */
function eventsOf({ id, parts, finish }: CanonicalAnswer, chars: number): CanonicalEvent[] {
  const told = parts.flatMap((part, number): CanonicalEvent[] => {
    const said = part.type === 'tool_call' ? part.input : part.text;
    const pieces = said.match(new RegExp(`[^]{1,${chars}}`, 'g')) ?? [];
    return [
      {
        type: 'open',
        part: number,
        opening:
          part.type === 'tool_call' ? { type: part.type, id: part.id, name: part.name } : { type: part.type },
      },
      ...pieces.map((text): CanonicalEvent => ({ type: 'delta', part: number, text })),
      ...(part.type === 'reasoning' ? [{ type: 'origin', part: number, origin: part.origin } as const] : []),
      ...(part.type === 'text' ? (part.citations ?? []) : []).map((one): CanonicalEvent => ({
        type: 'citation',
        part: number,
        citation: one,
      })),
      { type: 'close', part: number },
    ];
  });
  return [{ type: 'start', id }, ...told, { type: 'finish', finish }, { type: 'usage', usage }];
}
function streamed(events: readonly CanonicalEvent[]): string {
  const writer = openaiResponsesClient.createStreamWriter(context);
  return events.map((event) => writer.write([event])).join('') + writer.end();
}
const whole = (said: CanonicalAnswer): JsonObject => openaiResponsesClient.writeAnswer(said, context);
const typesOf = (stream: string) => dataOf(stream).map(({ type }) => type.replace(/^response\./, ''));

/** What OpenAI's SDK makes of a stream. */
async function readBySdk<T>(frames: readonly string[], read: (client: OpenAI) => Promise<T>): Promise<T> {
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    for (const frame of frames) response.write(frame);
    response.end();
  }).listen(0, '127.0.0.1');
  await new Promise((done) => void server.once('listening', done));
  try {
    const { port } = server.address() as AddressInfo;
    return await read(new OpenAI({ apiKey: 'k', baseURL: `http://127.0.0.1:${port}/v1`, maxRetries: 0 }));
  } finally {
    server.closeAllConnections();
    server.close();
  }
}
const finalBySdk = (frames: readonly string[]) =>
  readBySdk(frames, async (client) => client.responses.stream({ model: 'm', input: 'Hi' }).finalResponse());

/** A response without what the SDK adds for convenience. */
function plain(response: unknown): unknown {
  const added = new Set(['output_text', 'output_parsed', 'parsed', 'parsed_arguments']);
  return JSON.parse(JSON.stringify(response, (key, value: unknown) => (added.has(key) ? undefined : value)));
}

describe('a whole answer', () => {
  const response = whole(answer(PARTS));
  const items = response['output'] as Fields[];
  it('names itself, its model and what it used', () => {
    expect(response).toMatchObject({
      id: 'chatcmpl-1',
      object: 'response',
      created_at: CONTEXT.createdAt,
      model: 'kimi/k2',
      status: 'completed',
      error: null,
      incomplete_details: null,
      usage: {
        input_tokens: 20,
        input_tokens_details: { cached_tokens: 5 },
        output_tokens: 9,
        output_tokens_details: { reasoning_tokens: 4 },
        total_tokens: 29,
      },
    });
    expect(openaiResponsesClient.writeAnswer({ ...answer([]), id: null }, context)['id']).toBe('resp_ours');
  });
  it('holds every part, each tool called the way its caller knows it', () => {
    expect(items.map(({ type }) => type)).toEqual([
      'reasoning',
      'reasoning',
      'message',
      'function_call',
      'function_call',
      'custom_tool_call',
      'custom_tool_call',
      'function_call',
      'tool_search_call',
      'message',
    ]);
    const [thought, sealed, said, look, bare, patch, raw, close, search] = items;
    expect(thought?.['summary']).toEqual([{ type: 'summary_text', text: 'Hm. So.' }]);
    for (const one of [thought, sealed]) {
      expect(readSeal(String(one?.['encrypted_content']), 'OPENAI_RESPONSES')).toEqual(origin);
    }
    expect(said?.['content']).toMatchObject([
      {
        type: 'output_text',
        text: 'é€𝕏 and more',
        annotations: [{ type: 'url_citation', url: 'https://x/' }],
      },
      { type: 'output_text', text: 'a second piece', annotations: [] },
      { type: 'refusal', refusal: 'No.' },
    ]);
    expect(look).toMatchObject({ call_id: 'call_look', name: 'look', arguments: '{"at":"x"}' });
    expect(bare).toMatchObject({ arguments: '{}' });
    expect(patch).toMatchObject({ name: 'patch', input: '*** Begin\né😀' });
    expect(raw).toMatchObject({ input: 'as it is' });
    expect(close).toMatchObject({ name: 'close', namespace: 'agents', arguments: '{}' });
    expect(search).toMatchObject({ execution: 'client', arguments: { query: 'q' } });
    expect(new Set(items.map(({ id }) => id)).size).toBe(items.length);
    for (const { id } of items) expect(id).toMatch(/^(msg|rs|fc|ctc|tsc)_.{1,60}$/);
  });
  it.each([
    ['stop', 'completed', null],
    ['tool_calls', 'completed', null],
    ['pause', 'completed', null],
    ['length', 'incomplete', 'max_output_tokens'],
    ['content_filter', 'incomplete', 'content_filter'],
    ['refusal', 'incomplete', 'content_filter'],
  ] as const)('that ended by %s is %s', (reason, status, cutBy) => {
    const cut = whole(answer([{ type: 'text', text: 'So' }], reason));
    expect(cut['status']).toBe(status);
    expect(cut['incomplete_details']).toEqual(cutBy === null ? null : { reason: cutBy });
    expect(cut['output']).toMatchObject([{ status }]);
  });
  it('that says it refuses is complete', () => {
    expect(whole(answer([{ type: 'refusal', text: 'No.' }], 'refusal'))['status']).toBe('completed');
  });
  it('says nothing about usage when nothing was said', () => {
    expect(whole({ ...answer([]), usage: stated({}) })['usage']).toBeNull();
  });
});

describe('a stream', () => {
  it('has every event of the lifecycle, in order', () => {
    const parts = [PARTS[0], PARTS[2], PARTS[5], PARTS[7]].filter((part) => part !== undefined);
    const types = typesOf(streamed(eventsOf(answer(parts), 100)));
    expect(types).toEqual([
      'created',
      'in_progress',
      'output_item.added',
      'reasoning_summary_part.added',
      'reasoning_summary_text.delta',
      'reasoning_summary_text.done',
      'reasoning_summary_part.done',
      'output_item.done',
      'output_item.added',
      'content_part.added',
      'output_text.delta',
      'output_text.annotation.added',
      'output_text.done',
      'content_part.done',
      'output_item.done',
      'output_item.added',
      'function_call_arguments.delta',
      'function_call_arguments.done',
      'output_item.done',
      'output_item.added',
      'custom_tool_call_input.delta',
      'custom_tool_call_input.done',
      'output_item.done',
      'completed',
    ]);
  });
  it('says in the end what a whole answer says, however it is cut', () => {
    const kinds = fc.constantFrom(...PARTS);
    const reasons = fc.constantFrom(
      'stop',
      'length',
      'refusal',
      'content_filter',
      'tool_calls',
      'pause' as const,
    );
    fc.assert(
      fc.property(
        fc.array(kinds, { maxLength: 6 }),
        fc.integer({ min: 1, max: 9 }),
        reasons,
        (parts, chars, reason) => {
          const said = answer(parts, reason);
          const frames = dataOf(streamed(eventsOf(said, chars)));
          expect((frames.at(-1) as unknown as { response: unknown }).response).toEqual(whole(said));
          expect(frames.map((frame) => frame['sequence_number'])).toEqual(frames.map((_, index) => index));
          const done = frames.filter(({ type }) => type === 'response.output_item.done');
          const inOrder = done.toSorted((a, b) => Number(a['output_index']) - Number(b['output_index']));
          expect(inOrder.map(({ item }) => item)).toEqual(whole(said)['output']);
        },
      ),
    );
  });
  it('is read by OpenAI as the whole answer, also while it is silent or told in between', async () => {
    const writer = openaiResponsesClient.createStreamWriter(context);
    const frames = [
      writer.ping(),
      ...eventsOf(answer(PARTS), 3).flatMap((event) => [writer.write([event]), writer.ping()]),
      writer.end(),
    ];
    // Silence before the start opens the response, under the only id that is known then.
    expect(plain(await finalBySdk(frames))).toEqual(plain({ ...whole(answer(PARTS)), id: 'resp_ours' }));
    expect(plain(await finalBySdk([streamed(eventsOf(answer(PARTS), 3))]))).toEqual(
      plain(whole(answer(PARTS))),
    );
  });
  it('keeps parts apart that are open at once', () => {
    const open = (
      part: number,
      opening: { type: 'text' } | { type: 'tool_call'; id: string; name: string },
    ) => ({ type: 'open', part, opening }) as const;
    const delta = (part: number, text: string) => ({ type: 'delta', part, text }) as const;
    const stream = streamed([
      open(0, { type: 'text' }),
      delta(0, 'a'),
      open(1, { type: 'tool_call', id: '1', name: 'look' }),
      open(2, { type: 'tool_call', id: '2', name: 'look' }),
      delta(2, '{"n":'),
      delta(1, '{}'),
      delta(0, 'b'),
      delta(2, '2}'),
      { type: 'close', part: 0 },
      { type: 'close', part: 2 },
      { type: 'close', part: 1 },
      { type: 'finish', finish: { reason: 'tool_calls', stopSequence: null } },
    ]);
    const { response } = dataOf(stream).at(-1) as unknown as { response: { output: Fields[] } };
    expect(response.output).toMatchObject([
      { content: [{ text: 'ab' }], status: 'completed' },
      { call_id: '1', arguments: '{}' },
      { call_id: '2', arguments: '{"n":2}' },
    ]);
  });
  it('tells each piece as soon as it is known', () => {
    const writer = openaiResponsesClient.createStreamWriter(context);
    writer.write([{ type: 'open', part: 0, opening: { type: 'tool_call', id: '1', name: 'patch' } }]);
    const piece = (text: string) =>
      dataOf(writer.write([{ type: 'delta', part: 0, text }])).map((frame) => frame['delta']);
    expect([piece('{"inp'), piece('ut":"a\\'), piece('nb'), piece('"}')]).toEqual([[], ['a'], ['\nb'], []]);
  });
  it('that fails never looks complete, and says why', async () => {
    const error: DialectError = { status: 502, message: 'It broke.', code: 'NETWORK', requestId: 'r' };
    const writer = openaiResponsesClient.createStreamWriter(context);
    const begun = writer.write(eventsOf(answer(PARTS.slice(0, 3)), 100).slice(0, -3));
    const frames = [begun, writer.fail(error)];
    expect([writer.end(), writer.ping(), writer.fail(error), writer.write([])]).toEqual(['', '', '', '']);
    const told = dataOf(frames.join(''));
    expect(told.map((frame) => frame['sequence_number'])).toEqual(told.map((_, index) => index));
    expect(told.at(-2)).toMatchObject({
      type: 'response.failed',
      response: {
        id: 'chatcmpl-1',
        status: 'failed',
        error: { code: 'server_error', message: 'It broke.' },
        output: [{ type: 'reasoning' }, { type: 'reasoning' }],
      },
    });
    await expect(finalBySdk(frames)).rejects.toThrow('It broke.');
    const silent = openaiResponsesClient.createStreamWriter(context).fail(error);
    expect(typesOf(silent)).toEqual(['created', 'in_progress', 'failed', 'error']);
    await expect(finalBySdk([silent])).rejects.toThrow('It broke.');
  });
});
