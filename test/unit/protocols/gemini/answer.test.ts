/** Gemini's answers, whole and streamed: the same said either way, however the bytes are cut, and never a crash. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { STREAM_FRAME_MAX_BYTES } from '../../../../src/config/limits.js';
import type { AnswerPart, CanonicalEvent } from '../../../../src/protocols/canonical.js';
import { geminiProvider } from '../../../../src/protocols/gemini/index.js';
import { tokensOf } from '../../../../src/protocols/usage.js';
import { target } from './requests.js';

const TARGET = target();
const FIXTURES = new URL('../../../fixtures/streams/', import.meta.url);
const recorded = (name: string): string[] =>
  readFileSync(new URL(`${name}.chunks.txt`, FIXTURES), 'utf8')
    .split('\n')
    .filter(Boolean);
const sse = (frames: readonly string[]): Buffer =>
  Buffer.from(frames.map((frame) => `data: ${frame}\r\n\r\n`).join(''));

function decode(chunks: readonly Buffer[]) {
  const decoder = geminiProvider.createStreamDecoder(TARGET);
  const events = chunks.flatMap((chunk) => decoder.push(chunk));
  events.push(...decoder.end());
  const { usage, opened, contentFrames, finished, closed, errorData } = decoder;
  return { events, state: { usage, opened, contentFrames, finished, closed, errorData } };
}
const streamed = (...frames: object[]) => decode([sse(frames.map((frame) => JSON.stringify(frame)))]);
const frame = (parts: readonly object[], own: object = {}) => ({
  candidates: [{ content: { role: 'model', parts }, index: 0, ...own }],
  responseId: 'r1',
});

/** What the events say, put together. */
function partsOf(events: readonly CanonicalEvent[]): AnswerPart[] {
  const parts: AnswerPart[] = [];
  const closed = new Set<number>();
  for (const event of events) {
    if (!('part' in event)) continue;
    const { part } = event;
    const at = parts[part];
    expect(closed.has(part), 'nothing comes after a part closed').toBe(false);
    if (event.type === 'open') {
      expect(part, 'parts are numbered as they open').toBe(parts.length);
      parts.push(opened(event.opening));
    } else if (event.type === 'close') {
      closed.add(part);
    } else if (event.type === 'delta' && at !== undefined) {
      parts[part] =
        at.type === 'tool_call'
          ? { ...at, input: at.input + event.text }
          : { ...at, text: at.text + event.text };
    } else if (event.type === 'origin' && (at?.type === 'tool_call' || at?.type === 'reasoning')) {
      parts[part] = { ...at, origin: event.origin };
    } else if (event.type === 'citation' && at?.type === 'text') {
      parts[part] = { ...at, citations: [...(at.citations ?? []), event.citation] };
    }
  }
  expect(closed.size, 'every part closes').toBe(parts.length);
  return parts;
}
type Opening = Extract<CanonicalEvent, { type: 'open' }>['opening'];
function opened(opening: Opening): AnswerPart {
  if (opening.type === 'tool_call') return { ...opening, input: '' };
  if (opening.type !== 'reasoning') return { type: opening.type, text: '' };
  return { type: 'reasoning', text: '', origin: { model: null, protocol: 'GEMINI', signature: null } };
}
const finishes = (events: readonly CanonicalEvent[]) => events.filter(({ type }) => type === 'finish');
const origin = (signature: string | null) => ({ model: TARGET.model, protocol: 'GEMINI', signature });

describe('recorded streams', () => {
  it('are text, the seal behind it, and usage with the thoughts in the output', () => {
    const { events, state } = decode([sse(recorded('google-text'))]);
    expect(events[0]).toEqual({ type: 'start', id: 'bH6LaZW8Fp_3nsEPqtaSwQ4' });
    expect(partsOf(events)).toEqual([
      { type: 'text', text: 'There are **3** "r"s in strawberry.\n\nst**r**awbe**rr**y' },
      {
        type: 'reasoning',
        text: '',
        origin: origin(expect.stringMatching(/^EqsFCqgF/) as unknown as string),
      },
    ]);
    expect(finishes(events)).toEqual([{ type: 'finish', finish: { reason: 'stop', stopSequence: null } }]);
    expect(events.at(-1)?.type).toBe('finish');
    expect(tokensOf(state.usage)).toEqual({
      input: 9,
      cacheRead: 0,
      cacheWrite: 0,
      output: 208,
      reasoning: 185,
    });
    expect(state).toMatchObject({ opened: true, finished: true, contentFrames: 3, errorData: null });
  });

  it('are a call with its seal and an id of its own', () => {
    const { events, state } = decode([sse(recorded('google-tool-call'))]);
    expect(partsOf(events)).toEqual([
      {
        type: 'tool_call',
        id: expect.stringMatching(/^call_[0-9a-f]{24}$/) as string,
        name: 'weather',
        input: '{"location":"San Francisco"}',
        origin: origin(expect.stringMatching(/^EqUCCqIC/) as unknown as string),
      },
    ]);
    expect(finishes(events)).toEqual([
      { type: 'finish', finish: { reason: 'tool_calls', stopSequence: null } },
    ]);
    expect(tokensOf(state.usage)).toEqual({
      input: 29,
      cacheRead: 0,
      cacheWrite: 0,
      output: 60,
      reasoning: 45,
    });
  });

  it.each(['google-text', 'google-tool-call'])('say the same however %s is cut', (name) => {
    const bytes = sse(recorded(name));
    const whole = decode([bytes]);
    fc.assert(
      fc.property(fc.array(fc.nat(bytes.length), { maxLength: 12 }), (cuts) => {
        const at = [0, ...cuts.toSorted((a, b) => a - b), bytes.length];
        const chunks = at.slice(1).map((end, index) => bytes.subarray(at[index], end));
        expect(decode(chunks)).toEqual(whole);
      }),
      { numRuns: 200 },
    );
    expect(decode(Array.from(bytes, (byte) => Buffer.of(byte)))).toEqual(whole);
  });
});

describe('streams', () => {
  const answer = [
    frame([{ text: 'hm ', thought: true }]),
    frame([{ text: 'yes', thought: true, thoughtSignature: 'T' }]),
    frame([{ text: 'Calling' }]),
    frame([{ text: ' two.' }, { functionCall: { name: 'a', args: { x: 'é' } }, thoughtSignature: 'S' }]),
    frame([{ functionCall: { name: 'a', args: { x: 'é' } } }, { functionCall: { id: 'own', name: 'b' } }], {
      finishReason: 'STOP',
    }),
  ];

  it('say what the whole answer says', () => {
    const parts = answer.flatMap(({ candidates }) => candidates[0]?.content.parts ?? []);
    const whole = geminiProvider.readAnswer(frame(parts, { finishReason: 'STOP' }), TARGET);
    const { events } = streamed(...answer);
    expect(partsOf(events)).toEqual(whole.parts);
    expect(whole).toMatchObject({ id: 'r1', finish: { reason: 'tool_calls' } });
    expect(whole.parts).toMatchObject([
      { type: 'reasoning', text: 'hm yes', origin: origin('T') },
      { type: 'text', text: 'Calling two.' },
      { type: 'tool_call', name: 'a', input: '{"x":"é"}', origin: origin('S') },
      { type: 'tool_call', name: 'a', input: '{"x":"é"}' },
      { type: 'tool_call', id: 'own', name: 'b', input: '{}' },
    ]);
    const ids = whole.parts.flatMap((part) => (part.type === 'tool_call' ? [part.id] : []));
    expect(new Set(ids).size, 'calls that look alike are told apart').toBe(3);
  });

  it('show each piece at once', () => {
    const decoder = geminiProvider.createStreamDecoder(TARGET);
    const push = (value: object) => decoder.push(sse([JSON.stringify(value)])).map(({ type }) => type);
    expect(push(frame([{ text: 'a' }]))).toEqual(['start', 'open', 'delta']);
    expect(push(frame([{ text: 'b' }]))).toEqual(['delta']);
    expect(push(frame([{ functionCall: { name: 'f', args: {} } }]))).toEqual([
      'close',
      'open',
      'delta',
      'close',
    ]);
  });

  it('finish once, at their end, where every frame says that it stops', () => {
    const { events } = streamed(
      frame([{ text: 'one ' }], { finishReason: 'STOP' }),
      frame([{ text: 'two' }], { finishReason: 'MAX_TOKENS' }),
    );
    expect(partsOf(events)).toEqual([{ type: 'text', text: 'one two' }]);
    expect(finishes(events)).toEqual([{ type: 'finish', finish: { reason: 'length', stopSequence: null } }]);
  });

  it('that break off do not finish', () => {
    const { events, state } = streamed(frame([{ text: 'half' }]));
    expect(finishes(events)).toEqual([]);
    expect(state.finished).toBe(false);
    expect(events.at(-1)).toEqual({ type: 'close', part: 0 });
  });

  it.each([
    ['STOP', 'stop'],
    ['MAX_TOKENS', 'length'],
    ['SAFETY', 'content_filter'],
    ['RECITATION', 'content_filter'],
    ['MALFORMED_FUNCTION_CALL', 'content_filter'],
    ['SOMETHING_NEW', 'content_filter'],
  ])('that end for %s end for %s, as whole answers do', (finishReason, reason) => {
    const body = frame([{ text: 'x' }], { finishReason });
    expect(finishes(streamed(body).events)).toEqual([
      { type: 'finish', finish: { reason, stopSequence: null } },
    ]);
    expect(geminiProvider.readAnswer(body, TARGET).finish.reason).toBe(reason);
  });

  it('of a prompt that was blocked are filtered', () => {
    const body = {
      promptFeedback: { blockReason: 'PROHIBITED_CONTENT' },
      usageMetadata: { promptTokenCount: 4 },
    };
    const { events, state } = streamed(body);
    expect(finishes(events)).toEqual([
      { type: 'finish', finish: { reason: 'content_filter', stopSequence: null } },
    ]);
    expect(tokensOf(state.usage)).toMatchObject({ input: 4, output: 0 });
    expect(geminiProvider.readAnswer(body, TARGET)).toMatchObject({
      parts: [],
      finish: { reason: 'content_filter' },
    });
  });

  it.each([
    ['an object', '{"error":{"code":503,"message":"overloaded","status":"UNAVAILABLE"}}'],
    ['a list', '[{"error":{"code":503,"message":"overloaded","status":"UNAVAILABLE"}}]'],
  ])('keep the error that comes as %s', (_form, data) => {
    const { events, state } = decode([sse([JSON.stringify(frame([{ text: 'a' }])), data])]);
    expect(state).toMatchObject({ errorData: data, finished: false });
    expect(finishes(events)).toEqual([]);
  });

  it('carry citations to the text they came with', () => {
    const citationMetadata = {
      citationSources: [{ startIndex: 0, endIndex: 4, uri: 'https://x.example', license: 'MIT' }],
    };
    const body = frame([{ text: 'quoted' }], { citationMetadata, finishReason: 'STOP' });
    const expected = [
      { type: 'text', text: 'quoted', citations: [{ title: null, url: 'https://x.example', quote: null }] },
    ];
    expect(partsOf(streamed(body).events)).toEqual(expected);
    expect(geminiProvider.readAnswer(body, TARGET).parts).toEqual(expected);
  });

  it('pass over frames that are not part of the answer', () => {
    const { events, state } = decode([
      Buffer.from(
        ': hello\n\nevent: ping\ndata: {"type":"ping","cost":"0.1"}\n\ndata: not json\n\ndata: 7\n\n',
      ),
    ]);
    expect(events).toEqual([]);
    expect(state).toMatchObject({ opened: true, contentFrames: 0, finished: false, errorData: null });
  });
});

describe('usage', () => {
  it('counts what tools brought in as input, cached input apart, and the last word per field', () => {
    const { state } = streamed(
      { ...frame([{ text: 'a' }]), usageMetadata: { promptTokenCount: 100, thoughtsTokenCount: 7 } },
      {
        ...frame([{ text: 'b' }], { finishReason: 'STOP' }),
        usageMetadata: {
          promptTokenCount: 100,
          toolUsePromptTokenCount: 20,
          cachedContentTokenCount: 60,
          candidatesTokenCount: 3,
          totalTokenCount: 130,
        },
      },
      { usageMetadata: { promptTokenCount: 0, candidatesTokenCount: 0, totalTokenCount: 0 } },
    );
    expect(tokensOf(state.usage)).toEqual({
      input: 60,
      cacheRead: 60,
      cacheWrite: 0,
      output: 10,
      reasoning: 7,
    });
  });

  it('is not said where nothing is stated', () => {
    expect(tokensOf(streamed(frame([{ text: 'a' }])).state.usage)).toBeNull();
  });
});

describe('whatever comes', () => {
  const odd = fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      fc.constantFrom(null, true, 0, -1, 1e9, '', 'STOP', 'text'),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(
        fc.constantFrom(
          'candidates',
          'content',
          'parts',
          'text',
          'thought',
          'thoughtSignature',
          'functionCall',
          'name',
          'args',
          'finishReason',
          'usageMetadata',
          'promptTokenCount',
          'promptFeedback',
          'blockReason',
          'error',
          'citationMetadata',
          'citationSources',
        ),
        tie('value'),
        { maxKeys: 5 },
      ),
    ),
  })).value;

  it('is read without an error, and its events make sense', () => {
    fc.assert(
      fc.property(fc.array(odd, { maxLength: 6 }), (frames) => {
        partsOf(decode([sse(frames.map((value) => JSON.stringify(value)))]).events);
        for (const value of frames) {
          if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
            geminiProvider.readAnswer(value as Record<string, unknown>, TARGET);
          }
        }
      }),
      { numRuns: 500 },
    );
    fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => void decode([Buffer.from(bytes)])));
  });

  it('is not held without end', () => {
    const decoder = geminiProvider.createStreamDecoder(TARGET);
    const piece = Buffer.alloc(64 * 1024, 'x');
    for (let bytes = 0; bytes < 4 * STREAM_FRAME_MAX_BYTES; bytes += piece.length) decoder.push(piece);
    const after = sse([JSON.stringify(frame([{ text: 'still here' }]))]);
    expect(decoder.push(Buffer.concat([Buffer.from('\n\n'), after]))).toContainEqual(
      expect.objectContaining({ type: 'delta', text: 'still here' }),
    );
  });
});
