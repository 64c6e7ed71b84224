/** Understanding streams: the same answer however the bytes are cut, whatever they hold, and the state its watcher has. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CanonicalEvent } from '../../../../src/protocols/canonical.js';
import {
  anthropicMessages,
  anthropicMessagesProvider,
} from '../../../../src/protocols/anthropic-messages/index.js';
import { decode, RECORDED, recorded, stateOf, streamOf, TARGET } from './support.js';

const decoder = () => anthropicMessagesProvider.createStreamDecoder(TARGET);
const read = (...chunks: readonly (string | Buffer)[]) => {
  const understood = decoder();
  const events = decode(understood, chunks);
  return { events, state: stateOf(understood) };
};
const watched = (text: string) => {
  const reader = anthropicMessages.createStreamReader({ hideUsage: false });
  reader.push(Buffer.from(text));
  reader.end();
  return stateOf(reader);
};
const contents = (events: readonly CanonicalEvent[]) => events.filter(({ type }) => type !== 'usage');

const start = (id: string, usage: object = { input_tokens: 9, output_tokens: 1 }) => ({
  type: 'message_start',
  message: { id, type: 'message', role: 'assistant', content: [], usage },
});
const open = (index: number, content_block: object) => ({
  type: 'content_block_start',
  index,
  content_block,
});
const text = (index: number, more: string) => ({
  type: 'content_block_delta',
  index,
  delta: { type: 'text_delta', text: more },
});
const input = (index: number, partial_json: string) => ({
  type: 'content_block_delta',
  index,
  delta: { type: 'input_json_delta', partial_json },
});
const stop = (index: number) => ({ type: 'content_block_stop', index });
const ended = (stop_reason: string | null, usage: object = { output_tokens: 5 }) => [
  { type: 'message_delta', delta: { stop_reason, stop_sequence: null }, usage },
  { type: 'message_stop' },
];

const RICH = streamOf([
  start('msg_1', { input_tokens: 9, cache_read_input_tokens: 4, output_tokens: 1 }),
  { type: 'ping' },
  open(0, { type: 'thinking', thinking: '', signature: '' }),
  { type: 'content_block_delta', index: 0, delta: { type: 'thinking_delta', thinking: 'hm é𝕏' } },
  { type: 'content_block_delta', index: 0, delta: { type: 'signature_delta', signature: 'sig' } },
  stop(0),
  open(1, { type: 'redacted_thinking', data: 'enc' }),
  stop(1),
  open(2, { type: 'server_tool_use', id: 's', name: 'web_search', input: {} }),
  input(2, '{"query":"x"}'),
  stop(2),
  open(3, { type: 'web_search_tool_result', tool_use_id: 's', content: [] }),
  stop(3),
  open(4, { type: 'text', text: '' }),
  text(4, 'Hello'),
  {
    type: 'content_block_delta',
    index: 4,
    delta: { type: 'citations_delta', citation: { url: 'https://t', title: 'T', cited_text: 'q' } },
  },
  stop(4),
  open(5, { type: 'tool_use', id: 't1', name: 'run', input: {} }),
  input(5, '{"a":'),
  input(5, '1}'),
  stop(5),
  ...ended('tool_use', {
    input_tokens: 12,
    output_tokens: 20,
    output_tokens_details: { thinking_tokens: 6 },
  }),
]);

describe('a stream', () => {
  it('becomes its events, each as soon as its frame is whole', () => {
    const origin = { model: TARGET.model, protocol: 'ANTHROPIC_MESSAGES' };
    const { events, state } = read(RICH);
    expect(contents(events)).toEqual([
      { type: 'start', id: 'msg_1' },
      { type: 'open', part: 0, opening: { type: 'reasoning' } },
      { type: 'delta', part: 0, text: 'hm é𝕏' },
      { type: 'origin', part: 0, origin: { ...origin, signature: 'sig' } },
      { type: 'close', part: 0 },
      { type: 'open', part: 1, opening: { type: 'reasoning' } },
      { type: 'origin', part: 1, origin: { ...origin, signature: 'enc', redacted: true } },
      { type: 'close', part: 1 },
      { type: 'open', part: 2, opening: { type: 'text' } },
      { type: 'delta', part: 2, text: 'Hello' },
      { type: 'citation', part: 2, citation: { title: 'T', url: 'https://t', quote: 'q' } },
      { type: 'close', part: 2 },
      { type: 'open', part: 3, opening: { type: 'tool_call', id: 't1', name: 'run' } },
      { type: 'delta', part: 3, text: '{"a":' },
      { type: 'delta', part: 3, text: '1}' },
      { type: 'close', part: 3 },
      { type: 'finish', finish: { reason: 'tool_calls', stopSequence: null } },
    ]);
    expect(state).toMatchObject({
      usage: { input: 12, cacheRead: 4, output: 20, reasoning: 6 },
      finished: true,
      closed: true,
    });
  });

  it.each([
    ...RECORDED.map((name) => [name, recorded(name)] as const),
    ['every kind of block', RICH] as const,
  ])('is the same cut at any byte, and known as its watcher knows it: %s', (_name, stream) => {
    const bytes = Buffer.from(stream);
    const whole = read(bytes);
    expect(whole.state).toEqual(watched(stream));
    expect(whole.events.at(-1)).toMatchObject({ type: 'finish' });
    fc.assert(
      fc.property(fc.array(fc.nat(bytes.length), { maxLength: 6 }), (cuts) => {
        const at = [0, ...cuts.sort((a, b) => a - b), bytes.length];
        const pieces = at.slice(1).map((end, index) => bytes.subarray(at[index], end));
        expect(read(...pieces)).toEqual(whole);
      }),
      { numRuns: 100 },
    );
    expect(read(...Array.from(bytes, (byte) => Buffer.of(byte)))).toEqual(whole);
  });

  it('takes restated totals for totals, and an all-zero one for nothing', () => {
    expect(read(recorded('anthropic-message-delta-input-tokens.chunks.txt')).state.usage).toMatchObject({
      input: 61,
      output: 2,
    });
    const zeros = streamOf([
      start('a'),
      ...ended('end_turn', { input_tokens: 0, output_tokens: 0, cache_read_input_tokens: 0 }),
    ]);
    expect(read(zeros).state.usage).toMatchObject({ input: 9, output: 1 });
  });

  it('starts once, however often a proxy says so, and a number used again is a new part', () => {
    const { events } = read(
      streamOf([
        start('a'),
        start('a'),
        open(0, { type: 'text', text: 'One' }),
        start('b', { input_tokens: 11 }),
        open(0, { type: 'text', text: '' }),
        text(0, 'Two'),
        stop(0),
        ...ended('end_turn'),
      ]),
    );
    expect(contents(events)).toEqual([
      { type: 'start', id: 'a' },
      { type: 'open', part: 0, opening: { type: 'text' } },
      { type: 'delta', part: 0, text: 'One' },
      { type: 'close', part: 0 },
      { type: 'open', part: 1, opening: { type: 'text' } },
      { type: 'delta', part: 1, text: 'Two' },
      { type: 'close', part: 1 },
      { type: 'finish', finish: { reason: 'stop', stopSequence: null } },
    ]);
  });

  it('gives a call the arguments it began with when no others follow', () => {
    const { events } = read(
      streamOf([
        start('a'),
        open(0, { type: 'tool_use', name: 'run', input: { a: 1 } }),
        stop(0),
        ...ended(null),
      ]),
    );
    expect(contents(events).slice(1)).toEqual([
      { type: 'open', part: 0, opening: { type: 'tool_call', id: 'toolu_0', name: 'run' } },
      { type: 'delta', part: 0, text: '{"a":1}' },
      { type: 'close', part: 0 },
      { type: 'finish', finish: { reason: 'tool_calls', stopSequence: null } },
    ]);
  });

  it('says why it was refused where nothing else is said', () => {
    const { events } = read(
      streamOf([
        start('a'),
        {
          type: 'message_delta',
          delta: {
            stop_reason: 'refusal',
            stop_details: { type: 'refusal', explanation: 'Against the rules.' },
          },
          usage: { output_tokens: 0 },
        },
        { type: 'message_stop' },
      ]),
    );
    expect(contents(events).slice(1)).toEqual([
      { type: 'open', part: 0, opening: { type: 'refusal' } },
      { type: 'delta', part: 0, text: 'Against the rules.' },
      { type: 'close', part: 0 },
      { type: 'finish', finish: { reason: 'refusal', stopSequence: null } },
    ]);
  });

  it('is not finished without its end, nor when an error takes its place', () => {
    const broken = streamOf([start('a'), open(0, { type: 'text', text: '' }), text(0, 'Half')]);
    const error = 'data: {"error":{"message":"overloaded","code":"1305"}}\n\n';
    for (const stream of [broken, broken + error, error]) {
      const { events, state } = read(stream);
      expect(events.some(({ type }) => type === 'finish')).toBe(false);
      expect(state).toEqual(watched(stream));
      expect(state).toMatchObject({ finished: false });
      expect(state.errorData === null).toBe(!stream.includes('overloaded'));
    }
  });

  it('may lack its last blank line', () => {
    const { state, events } = read(RICH.trimEnd());
    expect(state).toEqual(watched(RICH));
    expect(events.at(-1)).toMatchObject({ type: 'finish' });
  });
});

describe('a stream of nonsense', () => {
  const KINDS = [
    'message_start',
    'content_block_start',
    'content_block_delta',
    'content_block_stop',
    'message_delta',
    'message_stop',
    'error',
  ];
  const BLOCKS = [
    'text',
    'thinking',
    'redacted_thinking',
    'tool_use',
    'text_delta',
    'input_json_delta',
    'signature_delta',
  ];
  const any = fc.jsonValue({ maxDepth: 1 });
  const block = fc.oneof(
    any,
    fc.record({
      type: fc.constantFrom(...BLOCKS),
      text: any,
      thinking: any,
      data: any,
      id: any,
      name: any,
      input: any,
    }),
  );
  const frame = fc.record(
    {
      type: fc.constantFrom(...KINDS),
      index: fc.oneof(fc.nat(3), any),
      message: any,
      content_block: block,
      delta: block,
      usage: any,
      error: any,
    },
    { requiredKeys: ['type'] },
  );

  it('throws nothing, and every part still opens once, closes once and has its deltas between', () => {
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 12 }), fc.string(), (frames, garbage) => {
        const stream = `${streamOf(frames)}data: ${garbage}\n\n${streamOf([{ type: 'message_stop' }])}`;
        const { events, state } = read(stream);
        expect(state).toEqual(watched(stream));
        const open = new Set<number>();
        let next = 0;
        let done = false;
        for (const event of events) {
          if (event.type === 'usage') continue;
          expect(done).toBe(false);
          if (event.type === 'open') {
            expect(event.part).toBe(next++);
            open.add(event.part);
          } else if ('part' in event) {
            expect(open.has(event.part)).toBe(true);
            if (event.type === 'close') open.delete(event.part);
          }
          done = event.type === 'finish';
        }
        expect(open.size).toBe(0);
        expect(done).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it('follows a bounded number of parts', () => {
    const frames = Array.from({ length: 5_000 }, (_, index) => open(index, { type: 'text', text: '' }));
    const { events } = read(streamOf(frames));
    const count = (type: string) => events.filter((event) => event.type === type).length;
    expect(count('open') - count('close')).toBeLessThan(200);
  });
});

describe('a whole answer', () => {
  const readAnswer = (body: object) => anthropicMessagesProvider.readAnswer({ ...body }, TARGET);

  it('is read with every part, and blocks of the provider’s own tools are passed over', () => {
    expect(
      readAnswer({
        id: 'msg_1',
        content: [
          { type: 'thinking', thinking: 'hm', signature: 'sig' },
          { type: 'redacted_thinking', data: 'enc' },
          { type: 'server_tool_use', id: 's', name: 'x', input: {} },
          { type: 'text', text: 'Hi', citations: [{ document_title: 'D', cited_text: 'q' }, null] },
          { type: 'tool_use', id: 't', name: 'run', input: { a: 1 } },
        ],
        stop_reason: 'tool_use',
        usage: { input_tokens: 3, output_tokens: 4 },
      }),
    ).toMatchObject({
      id: 'msg_1',
      parts: [
        { type: 'reasoning', text: 'hm', origin: { model: TARGET.model, signature: 'sig' } },
        { type: 'reasoning', text: '', origin: { signature: 'enc', redacted: true } },
        { type: 'text', text: 'Hi', citations: [{ title: 'D', url: null, quote: 'q' }] },
        { type: 'tool_call', id: 't', name: 'run', input: '{"a":1}' },
      ],
      finish: { reason: 'tool_calls' },
      usage: { input: 3, output: 4 },
    });
  });

  it('is read without complaint whatever it holds', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.constantFrom('id', 'content', 'usage', 'stop_reason'), fc.jsonValue()),
        (body) => {
          expect(readAnswer(body).finish.reason).toBeTypeOf('string');
        },
      ),
    );
  });
});
