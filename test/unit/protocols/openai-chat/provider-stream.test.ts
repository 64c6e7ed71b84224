/** Streams of everybody who speaks chat: the same parts and usage however they are cut, and never a crash. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { STREAM_FRAME_MAX_BYTES, STREAM_TOOL_CALLS_MAX } from '../../../../src/config/limits.js';
import type { AnswerPart, CanonicalEvent, Finish } from '../../../../src/protocols/canonical.js';
import { openaiChat, openaiChatProvider } from '../../../../src/protocols/openai-chat/index.js';
import { tokensOf } from '../../../../src/protocols/usage.js';
import { chunk, data, finish, recorded, target } from './given.js';

const RECORDED = [
  'alibaba-tool-call',
  'deepseek-reasoning',
  'deepseek-text',
  'deepseek-tool-call',
  'moonshotai-stream',
  'openai-text',
];

type State = Omit<ReturnType<typeof openaiChatProvider.createStreamDecoder>, 'push' | 'end'>;
const stateOf = ({ usage, opened, contentFrames, finished, closed, errorData }: State) => ({
  usage,
  opened,
  contentFrames,
  finished,
  closed,
  errorData,
});

function decode(chunks: readonly (string | Buffer)[]) {
  const decoder = openaiChatProvider.createStreamDecoder(target());
  const events = chunks.flatMap((piece) => decoder.push(Buffer.from(piece)));
  events.push(...decoder.end());
  return { events, state: stateOf(decoder) };
}

function watch(chunks: readonly (string | Buffer)[]) {
  const reader = openaiChat.createStreamReader({ hideUsage: false });
  for (const piece of chunks) reader.push(Buffer.from(piece));
  reader.end();
  return stateOf(reader);
}

/** The parts a stream comes to; fails where the lifecycle of a part is broken. */
function partsOf(events: readonly CanonicalEvent[]): { parts: AnswerPart[]; finish: Finish | null } {
  const parts: (AnswerPart & { closed?: boolean })[] = [];
  let ended: Finish | null = null;
  for (const event of events) {
    if (event.type === 'usage') continue;
    expect(ended).toBeNull();
    if (event.type === 'start') continue;
    if (event.type === 'finish') {
      expect(parts.every((part) => part.closed)).toBe(true);
      ended = event.finish;
      continue;
    }
    if (event.type === 'open') {
      expect(event.part).toBe(parts.length);
      const { opening } = event;
      if (opening.type === 'tool_call') parts.push({ ...opening, input: '' });
      else if (opening.type === 'reasoning') {
        parts.push({
          type: 'reasoning',
          text: '',
          origin: { model: null, protocol: 'OPENAI_CHAT', signature: null },
        });
      } else parts.push({ type: opening.type, text: '' });
      continue;
    }
    const part = parts[event.part];
    if (part === undefined) throw new Error(`part ${event.part} was never opened`);
    expect(part.closed).toBeUndefined();
    if (event.type === 'close') part.closed = true;
    if (event.type === 'delta' && part.type === 'tool_call')
      Object.assign(part, { input: part.input + event.text });
    else if (event.type === 'delta' && part.type !== 'tool_call')
      Object.assign(part, { text: part.text + event.text });
    if (event.type === 'origin') Object.assign(part, { origin: event.origin });
  }
  return { parts: parts.map(({ closed: _, ...part }) => part as AnswerPart), finish: ended };
}
const partsIn = (...frames: readonly (string | object)[]) => partsOf(decode([data(...frames)]).events);
const call = (piece: object) => chunk({ tool_calls: [piece] });
const calls = (...frames: readonly object[]) =>
  partsIn(...frames, finish('tool_calls'), '[DONE]').parts.map((part) =>
    part.type === 'tool_call' ? [part.id, part.name, part.input] : part,
  );

/** Forms beyond the recordings. */
const FORMS: Readonly<Record<string, string>> = {
  'several calls, usage in the choice': data(
    chunk({ role: 'assistant', content: null }),
    call({ index: 0, id: 'a', function: { name: 'one', arguments: '{"x":"é€𝕏' } }),
    call({ index: 1, id: 'b', function: { name: 'two', arguments: '' } }),
    call({ index: 0, function: { arguments: '\\""}' } }),
    call({ index: 1, function: { arguments: '{}' } }),
    chunk({}, { finish_reason: 'tool_calls', usage: { prompt_tokens: 4, completion_tokens: 2 } }),
    '[DONE]',
  ),
  'comments, CR LF, no blank line at the end': `: data: hi\r\n\r\nevent: x\r\ndata: ${JSON.stringify(chunk({ content: 'a' }))}\r\n\r\ndata: ${JSON.stringify(finish('stop'))}`,
  'an error in the middle': data(chunk({ content: 'a' }), { error: { message: 'over' } }, '[DONE]'),
  'nothing but a role': data(chunk({ role: 'assistant', content: '' }), finish('stop'), '[DONE]'),
};

describe.each([...RECORDED.map((name) => [name, recorded(name)] as const), ...Object.entries(FORMS)])(
  '%s',
  (_name, stream) => {
    const bytes = Buffer.from(stream);
    const whole = decode([bytes]);

    it('gives the same events and state, cut at any byte', () => {
      fc.assert(
        fc.property(fc.array(fc.nat(bytes.length), { maxLength: 40 }), (cuts) => {
          const edges = [0, ...cuts.sort((a, b) => a - b), bytes.length];
          const pieces = edges.slice(1).map((end, at) => bytes.subarray(edges[at], end));
          expect(decode(pieces)).toEqual(whole);
        }),
        { numRuns: 40 },
      );
      expect(decode(Array.from(bytes, (byte) => Buffer.of(byte)))).toEqual(whole);
    });

    it('comes to the state that a watching reader comes to', () => {
      expect(whole.state).toEqual(watch([bytes]));
      expect(whole.state).toEqual(watch(Array.from(bytes, (byte) => Buffer.of(byte))));
    });

    it('opens, fills and closes each part once', () => {
      const { finish: ended } = partsOf(whole.events);
      expect(ended === null).toBe(whole.state.errorData !== null);
    });
  },
);

describe('a recorded stream', () => {
  it('yields its thoughts, its calls and the usage its frames state', () => {
    const { events, state } = decode([recorded('deepseek-tool-call')]);
    const { parts, finish: ended } = partsOf(events);
    expect(parts.map((part) => part.type)).toEqual(['reasoning', 'tool_call']);
    expect(parts[1]).toMatchObject({ name: 'weather', input: '{"location": "San Francisco"}' });
    expect(parts[0]).toMatchObject({ origin: { model: 'acme/model-1', protocol: 'OPENAI_CHAT' } });
    expect(ended).toEqual({ reason: 'tool_calls', stopSequence: null });
    expect(tokensOf(state.usage)).toEqual({
      input: 19,
      cacheRead: 320,
      cacheWrite: 0,
      output: 83,
      reasoning: 39,
    });
    expect(events.at(-1)).toEqual({ type: 'usage', usage: state.usage });
  });
  it('keeps its id and its text', () => {
    const { events } = decode([recorded('moonshotai-stream')]);
    expect(events[0]).toEqual({ type: 'start', id: 'chatcmpl-stream' });
    expect(partsOf(events).parts.map((part) => part.type !== 'tool_call' && part.text)).toEqual([
      'Thinking aloud. ',
      'Hello!',
    ]);
  });
  it('takes pieces of a call whose id is repeated as empty text', () => {
    const { parts } = partsOf(decode([recorded('alibaba-tool-call')]).events);
    expect(parts).toEqual([
      {
        type: 'tool_call',
        id: 'call_eee11723464a4b9eb8cee71d',
        name: 'weather',
        input: '{"location": "San Francisco"}',
      },
    ]);
  });
});

describe('what others write differently', () => {
  it.each([
    ['reasoning_content', { reasoning_content: 'Hm.' }],
    ['reasoning', { reasoning: 'Hm.' }],
    [
      'reasoning beside its details',
      { reasoning: 'Hm.', reasoning_details: [{ type: 'reasoning.text', text: 'Hm.' }] },
    ],
    ['reasoning_details alone', { reasoning_details: [{ type: 'reasoning.summary', summary: 'Hm.' }] }],
    [
      'thinking inside content',
      { content: [{ type: 'thinking', thinking: [{ type: 'text', text: 'Hm.' }] }] },
    ],
  ])('reads a thought from %s', (_where, delta) => {
    const { parts } = partsIn(
      chunk(delta),
      chunk({ content: [{ type: 'text', text: 'So.' }] }),
      finish('stop'),
    );
    expect(parts.map((part) => part.type !== 'tool_call' && [part.type, part.text])).toEqual([
      ['reasoning', 'Hm.'],
      ['text', 'So.'],
    ]);
  });

  it('leaves think tags in the text', () => {
    expect(partsIn(chunk({ content: '<think>a</think>b' }), finish('stop')).parts).toEqual([
      { type: 'text', text: '<think>a</think>b' },
    ]);
  });

  it('tells calls apart without a number, by id', () => {
    expect(
      calls(
        call({ id: 'a', function: { name: 'one', arguments: '{"x":' } }),
        call({ function: { arguments: '1}' } }),
        call({ id: 'b', function: { name: 'one', arguments: '{}' } }),
      ),
    ).toEqual([
      ['a', 'one', '{"x":1}'],
      ['b', 'one', '{}'],
    ]);
  });
  it('tells whole calls apart that all have the same number, with or without ids', () => {
    expect(
      calls(
        call({ index: 0, id: 'a', function: { name: 'one', arguments: '{}' } }),
        call({ index: 0, id: 'b', function: { name: 'two', arguments: '{}' } }),
      ),
    ).toEqual([
      ['a', 'one', '{}'],
      ['b', 'two', '{}'],
    ]);
    expect(
      calls(
        call({ index: 0, function: { name: 'one', arguments: '{}' } }),
        call({ index: 0, function: { name: 'one', arguments: '{"y":2}' } }),
      ),
    ).toEqual([
      ['call_c1_0', 'one', '{}'],
      ['call_c1_1', 'one', '{"y":2}'],
    ]);
  });
  it('puts interleaved calls together, numbered from anywhere', () => {
    expect(
      calls(
        call({ index: 1, id: 'a', function: { name: 'one', arguments: '{"x"' } }),
        call({ index: 2, id: 'b', function: { name: 'two', arguments: '{"y"' } }),
        call({ index: 1, function: { arguments: ':1}' } }),
        call({ index: 2, id: 'b', function: { name: 'two', arguments: ':2}' } }),
      ),
    ).toEqual([
      ['a', 'one', '{"x":1}'],
      ['b', 'two', '{"y":2}'],
    ]);
  });
  it('keeps arguments that come before the name, and arguments that are an object', () => {
    expect(
      calls(
        call({ index: 0, id: 'a', function: { arguments: '{"x"' } }),
        call({ index: 0, function: { name: 'one', arguments: ':1}' } }),
        call({ index: 1, id: 'b', function: { name: 'two', arguments: { y: 2 } } }),
      ),
    ).toEqual([
      ['a', 'one', '{"x":1}'],
      ['b', 'two', '{"y":2}'],
    ]);
  });
  it('reads the older spelling of a call', () => {
    expect(
      calls(
        chunk({ function_call: { name: 'one', arguments: '{"x"' } }),
        chunk({ function_call: { arguments: ':1}' } }),
      ),
    ).toEqual([['call_c1_0', 'one', '{"x":1}']]);
  });
  it('closes a call as soon as another opens and its arguments are complete', () => {
    const { events } = decode([
      data(
        call({ index: 0, id: 'a', function: { name: 'one', arguments: '{"x":"}"}' } }),
        call({ index: 1, id: 'b', function: { name: 'two', arguments: '{' } }),
      ),
    ]);
    expect(events.map((event) => event.type)).toEqual(['start', 'open', 'delta', 'close', 'open', 'delta']);
  });
  it("hands on Google's seal on a call, with whose it is", () => {
    const { parts } = partsIn(
      call({
        index: 0,
        id: 'a',
        function: { name: 'one', arguments: '{}' },
        extra_content: { google: { thought_signature: 'S' } },
      }),
      finish('stop'),
    );
    expect(parts[0]).toMatchObject({
      origin: { model: 'acme/model-1', protocol: 'OPENAI_CHAT', signature: 'S' },
    });
  });
  it('takes an end in calls or a refusal for what it is, whatever the provider calls it', () => {
    const ended = (...frames: object[]) => partsIn(...frames).finish?.reason;
    expect(ended(call({ index: 0, id: 'a', function: { name: 'f' } }), finish('stop'))).toBe('tool_calls');
    expect(ended(chunk({ refusal: 'No.' }), finish('stop'))).toBe('refusal');
    expect(ended(chunk({ content: 'a' }), finish('model_length'))).toBe('length');
    expect(ended(chunk({ content: 'a' }), finish('sensitive'))).toBe('content_filter');
    expect(ended(chunk({ content: 'a' }), finish('eos'))).toBe('stop');
  });
  it('hands on what the text refers to', () => {
    const { events } = decode([
      data(
        chunk({ content: 'See.' }),
        chunk({
          annotations: [{ type: 'url_citation', url_citation: { url: 'https://a.example', title: 'A' } }],
        }),
      ),
    ]);
    expect(events.at(-1)).toEqual({
      type: 'citation',
      part: 0,
      citation: { title: 'A', url: 'https://a.example', quote: null },
    });
  });
});

describe('usage', () => {
  const usageOf = (...frames: object[]) => tokensOf(decode([data(...frames)]).state.usage);
  const stated = { prompt_tokens: 9, completion_tokens: 2 };
  it.each([
    ['on the finish chunk', { ...finish('stop'), usage: stated }],
    ['in a chunk of its own', { choices: [], usage: stated }],
    ['in the choice', chunk({}, { finish_reason: 'stop', usage: stated })],
    ["in Groq's member", { ...finish('stop'), x_groq: { id: 'x', usage: stated } }],
  ])('is read %s', (_where, frame) => {
    expect(usageOf(chunk({ content: 'a' }), frame)).toMatchObject({ input: 9, output: 2 });
  });
  it('is not overwritten by zeros', () => {
    const zeros = { choices: [], usage: { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 } };
    expect(usageOf({ ...finish('stop'), usage: stated }, zeros)).toMatchObject({ input: 9, output: 2 });
  });
});

describe('the end', () => {
  it('is proper where a reason came and the connection ends without [DONE]', () => {
    const { state, events } = decode([data(chunk({ content: 'a' }), finish('stop'))]);
    expect(state).toMatchObject({ finished: true, closed: false, errorData: null });
    expect(events.at(-1)).toMatchObject({ type: 'finish' });
  });
  it('is proper where [DONE] came without a reason', () => {
    const { state, events } = decode([data(chunk({ content: 'a' }), '[DONE]')]);
    expect(state).toMatchObject({ finished: true, closed: true });
    expect(events.at(-1)).toEqual({ type: 'finish', finish: { reason: 'stop', stopSequence: null } });
  });
  it('is none where neither came', () => {
    const { state, events } = decode([data(chunk({ content: 'a' }))]);
    expect(state.finished).toBe(false);
    expect(events.some((event) => event.type === 'finish')).toBe(false);
  });
  it('of a stream without content shows as finished with no content frame', () => {
    const empty = data(chunk({ role: 'assistant', content: '' }), finish('stop'), '[DONE]');
    expect(decode([empty]).state).toMatchObject({ opened: true, finished: true, contentFrames: 0 });
  });
  it.each([
    ['an error frame', { error: { message: 'over' } }],
    ['an error object', { object: 'error', message: 'over' }],
    ['an error in the choice', chunk({}, { error: { message: 'over' } })],
    ['a reason that is a failure', finish('error')],
  ])('is a failure after %s, whatever follows', (_what, frame) => {
    const { state, events } = decode([
      data(chunk({ content: 'a' }), frame, chunk({ content: 'b' }), '[DONE]'),
    ]);
    expect(state.errorData).toBe(JSON.stringify(frame));
    expect(events.map((event) => event.type)).toEqual(['start', 'open', 'delta']);
  });
});

describe('a provider that sends nonsense', () => {
  const json = fc.oneof(
    fc.json(),
    fc
      .record(
        {
          id: fc.anything(),
          usage: fc.anything(),
          choices: fc.oneof(
            fc.anything(),
            fc.array(
              fc.record({
                index: fc.anything(),
                finish_reason: fc.anything(),
                delta: fc.record({
                  content: fc.anything(),
                  annotations: fc.anything(),
                  reasoning_details: fc.anything(),
                  tool_calls: fc.oneof(
                    fc.anything(),
                    fc.array(fc.record({ index: fc.anything(), id: fc.anything(), function: fc.anything() })),
                  ),
                  function_call: fc.anything(),
                }),
              }),
            ),
          ),
        },
        { requiredKeys: [] },
      )
      .map(
        (frame) =>
          JSON.stringify(frame, (_key, value: unknown) => (typeof value === 'bigint' ? 1 : value)) ?? 'null',
      ),
    fc.string(),
  );
  it('never makes the decoder throw, nor part from the reader', () => {
    fc.assert(
      fc.property(fc.array(json), (frames) => {
        const stream = data(...frames.map((frame) => frame.replaceAll(/[\r\n]/g, ' ')));
        const { events, state } = decode([stream]);
        partsOf(events);
        expect(state).toEqual(watch([stream]));
        openaiChatProvider.readAnswer({ choices: frames }, target());
      }),
      { numRuns: 300 },
    );
  });
  it('opens no more calls than are followed', () => {
    const many = Array.from({ length: STREAM_TOOL_CALLS_MAX + 50 }, (_, index) =>
      call({ index, id: `c${index}`, function: { name: 'f', arguments: '{}' } }),
    );
    const { parts } = partsIn(...many, finish('tool_calls'));
    expect(parts).toHaveLength(STREAM_TOOL_CALLS_MAX);
  });
  it('gives up on a frame that is longer than is held, and goes on after it', () => {
    const huge = data(chunk({ content: 'x'.repeat(STREAM_FRAME_MAX_BYTES + 200_000) }));
    const decoder = openaiChatProvider.createStreamDecoder(target());
    const bytes = Buffer.from(huge + data(chunk({ content: 'after' }), finish('stop')));
    const events: CanonicalEvent[] = [];
    for (let at = 0; at < bytes.length; at += 65_536)
      events.push(...decoder.push(bytes.subarray(at, at + 65_536)));
    expect(partsOf(events).parts).toEqual([{ type: 'text', text: 'after' }]);
  });
});
