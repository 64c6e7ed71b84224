/** Writing answers: what Anthropic's own client reads out of them is what the model said. */
import { createAnthropic } from '@ai-sdk/anthropic';
import Anthropic from '@anthropic-ai/sdk';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type {
  AnswerPart,
  CanonicalAnswer,
  CanonicalEvent,
  Finish,
} from '../../../../src/protocols/canonical.js';
import {
  anthropicMessagesClient,
  anthropicMessagesProvider,
} from '../../../../src/protocols/anthropic-messages/index.js';
import { readSeal, sealText } from '../../../../src/protocols/reasoning-seal.js';
import { NOTHING_STATED } from '../../../../src/protocols/usage.js';
import { CONTEXT, decode, TARGET } from './support.js';

const ORIGIN = { model: 'kimi/k2', protocol: 'OPENAI_CHAT', signature: 's' } as const;
const USAGE = { ...NOTHING_STATED, prompt: 30, cacheRead: 10, cacheWrite: 5, output: 7, reasoning: 3 };
const STOP: Finish = { reason: 'stop', stopSequence: null };
const open = (part: number, type: 'text' | 'reasoning' | 'refusal') =>
  ({ type: 'open', part, opening: { type } }) as const;
const call = (part: number, id: string) =>
  ({ type: 'open', part, opening: { type: 'tool_call', id, name: 'run' } }) as const;
const delta = (part: number, text: string) => ({ type: 'delta', part, text }) as const;
const close = (part: number) => ({ type: 'close', part }) as const;
const finished = (reason: Finish['reason']) =>
  ({ type: 'finish', finish: { reason, stopSequence: null } }) as const;

/** What the official client makes of a body or a stream. */
function clientOf(body: string, type: string): Anthropic {
  return new Anthropic({
    apiKey: 'none',
    maxRetries: 0,
    fetch: () => Promise.resolve(new Response(body, { headers: { 'content-type': type } })),
  });
}
const ASKED = { model: 'm', max_tokens: 10, messages: [{ role: 'user' as const, content: 'Hi' }] };
const readStream = (stream: string) =>
  clientOf(stream, 'text/event-stream').messages.stream(ASKED).finalMessage();

function written(events: readonly CanonicalEvent[]): string {
  const writer = anthropicMessagesClient.createStreamWriter(CONTEXT);
  return events.map((event) => writer.write([event])).join('') + writer.end();
}
const typesOf = (stream: string) => [...stream.matchAll(/^event: (.+)$/gm)].map(([, type]) => type);
const framesOf = (stream: string) =>
  [...stream.matchAll(/^data: (.+)$/gm)].map(([, json]) => JSON.parse(json ?? '') as Record<string, unknown>);

describe('a stream', () => {
  it('reads as the message it says, in Anthropic’s order of events', async () => {
    const stream = written([
      { type: 'start', id: 'chatcmpl-1' },
      open(0, 'reasoning'),
      delta(0, 'Let me '),
      delta(0, 'see'),
      { type: 'origin', part: 0, origin: ORIGIN },
      close(0),
      open(1, 'text'),
      delta(1, 'Hello'),
      { type: 'citation', part: 1, citation: { title: 'T', url: 'https://t', quote: 'q' } },
      close(1),
      call(2, 't1'),
      delta(2, '{"a":'),
      delta(2, '1}'),
      close(2),
      finished('tool_calls'),
      { type: 'usage', usage: USAGE },
    ]);
    const block = (deltas: number) => [
      'content_block_start',
      ...Array.from({ length: deltas }, () => 'content_block_delta'),
      'content_block_stop',
    ];
    expect(typesOf(stream)).toEqual(
      ['message_start', block(3), block(2), block(2), 'message_delta', 'message_stop'].flat(),
    );
    expect(await readStream(stream)).toMatchObject({
      id: 'chatcmpl-1',
      model: 'kimi/k2',
      content: [
        { type: 'thinking', thinking: 'Let me see', signature: sealText(ORIGIN) },
        { type: 'text', text: 'Hello', citations: [{ url: 'https://t', title: 'T', cited_text: 'q' }] },
        { type: 'tool_use', id: 't1', name: 'run', input: { a: 1 } },
      ],
      stop_reason: 'tool_use',
      usage: {
        input_tokens: 15,
        cache_read_input_tokens: 10,
        cache_creation_input_tokens: 5,
        output_tokens: 7,
        output_tokens_details: { thinking_tokens: 3 },
      },
    });
  });

  it('reads the same to other clients of the dialect', async () => {
    const stream = written([
      open(0, 'reasoning'),
      delta(0, 'hm'),
      { type: 'origin', part: 0, origin: ORIGIN },
      close(0),
      open(1, 'text'),
      delta(1, 'Hello'),
      { type: 'citation', part: 1, citation: { title: null, url: 'https://t', quote: null } },
      close(1),
      call(2, 't1'),
      close(2),
      finished('tool_calls'),
      { type: 'usage', usage: USAGE },
    ]);
    const fetch = () =>
      Promise.resolve(new Response(stream, { headers: { 'content-type': 'text/event-stream' } }));
    const { stream: parts } = await createAnthropic({ apiKey: 'none', fetch })
      .languageModel('m')
      .doStream({ prompt: [{ role: 'user', content: [{ type: 'text', text: 'Hi' }] }] });
    const read = [];
    for await (const part of parts) read.push(part);
    expect(read.filter(({ type }) => type === 'error')).toEqual([]);
    expect(read).toContainEqual(expect.objectContaining({ type: 'reasoning-delta', delta: 'hm' }));
    expect(read).toContainEqual(expect.objectContaining({ type: 'text-delta', delta: 'Hello' }));
    expect(read).toContainEqual(
      expect.objectContaining({ type: 'tool-call', toolCallId: 't1', toolName: 'run', input: '{}' }),
    );
    expect(read.at(-1)).toMatchObject({ type: 'finish', usage: { outputTokens: { total: 7 } } });
  });

  it('says each piece as soon as it comes', () => {
    const writer = anthropicMessagesClient.createStreamWriter(CONTEXT);
    expect(typesOf(writer.write([{ type: 'start', id: null }]))).toEqual(['message_start']);
    expect(writer.write([open(0, 'text')])).toBe('');
    expect(typesOf(writer.write([delta(0, 'a')]))).toEqual(['content_block_start', 'content_block_delta']);
    expect(typesOf(writer.write([delta(0, 'b')]))).toEqual(['content_block_delta']);
    expect(typesOf(writer.write([call(1, 'x')]))).toEqual([]);
    expect(typesOf(writer.write([close(0)]))).toEqual(['content_block_stop', 'content_block_start']);
    expect(typesOf(writer.write([delta(1, '{}')]))).toEqual(['content_block_delta']);
  });

  it('holds interleaved calls back until the earlier one is over, and loses none', async () => {
    const stream = written([
      call(0, 'a'),
      delta(0, '{"n":'),
      call(1, 'b'),
      delta(1, '{"n":'),
      call(2, 'c'),
      delta(2, '{"n":3}'),
      delta(1, '2}'),
      close(2),
      delta(0, '1}'),
      close(0),
      close(1),
      finished('stop'),
    ]);
    const starts = framesOf(stream).filter(({ type }) => type === 'content_block_start');
    expect(starts.map(({ index }) => index)).toEqual([0, 1, 2]);
    expect(await readStream(stream)).toMatchObject({
      content: [
        { id: 'a', input: { n: 1 } },
        { id: 'b', input: { n: 2 } },
        { id: 'c', input: { n: 3 } },
      ],
      stop_reason: 'tool_use',
    });
  });

  it('gives a call without arguments an empty object', async () => {
    const message = await readStream(written([call(0, 'a'), close(0), finished('tool_calls')]));
    expect(message.content).toMatchObject([{ type: 'tool_use', input: {} }]);
  });

  it('makes a sealed thought without text a redacted one, and nothing of empty parts', async () => {
    const stream = written([
      open(0, 'reasoning'),
      { type: 'origin', part: 0, origin: ORIGIN },
      close(0),
      open(1, 'reasoning'),
      close(1),
      open(2, 'text'),
      close(2),
      open(3, 'text'),
      delta(3, 'x'),
      close(3),
      finished('stop'),
    ]);
    const message = await readStream(stream);
    expect(message.content).toMatchObject([
      { type: 'redacted_thinking', data: sealText(ORIGIN) },
      { type: 'text', text: 'x' },
    ]);
  });

  it('ends with what was said, not with a seal behind it', async () => {
    const stream = written([
      open(0, 'text'),
      delta(0, 'x'),
      close(0),
      open(1, 'reasoning'),
      { type: 'origin', part: 1, origin: ORIGIN },
      close(1),
      finished('stop'),
    ]);
    expect((await readStream(stream)).content).toMatchObject([{ type: 'text', text: 'x' }]);
    const parts: AnswerPart[] = [
      { type: 'text', text: 'x' },
      { type: 'reasoning', text: '', origin: ORIGIN },
    ];
    const whole = anthropicMessagesClient.writeAnswer(
      { id: 'x', parts, finish: STOP, usage: USAGE },
      CONTEXT,
    );
    expect(whole['content']).toEqual([{ type: 'text', text: 'x' }]);
  });

  it('shows a refusal as text and says that it is one', async () => {
    const stream = written([open(0, 'refusal'), delta(0, 'No.'), close(0), finished('stop')]);
    expect(await readStream(stream)).toMatchObject({
      content: [{ type: 'text', text: 'No.' }],
      stop_reason: 'refusal',
    });
  });

  it('has an id, a usage and an end even when nothing was said of them', async () => {
    expect(await readStream(written([finished('length')]))).toMatchObject({
      id: 'msg_ours',
      stop_reason: 'max_tokens',
      usage: { input_tokens: 0, output_tokens: 0 },
    });
  });

  it('that fails throws in the client, with the type that makes it react', async () => {
    const writer = anthropicMessagesClient.createStreamWriter(CONTEXT);
    const failed =
      writer.write([{ type: 'start', id: null }, open(0, 'text'), delta(0, 'Half')]) +
      writer.ping() +
      writer.fail({ status: 503, code: 'UPSTREAM_ERROR', message: 'gone', requestId: 'r1' });
    expect(failed).not.toContain('message_stop');
    expect(writer.end() + writer.write([delta(0, 'more')])).toBe('');
    await expect(readStream(failed)).rejects.toMatchObject({ type: 'overloaded_error' });
  });

  it('may carry pings anywhere', async () => {
    const writer = anthropicMessagesClient.createStreamWriter(CONTEXT);
    const stream =
      writer.ping() +
      writer.write([{ type: 'start', id: null }]) +
      writer.ping() +
      writer.write([open(0, 'text'), delta(0, 'a'), close(0), finished('stop')]) +
      writer.ping() +
      writer.end();
    expect((await readStream(stream)).content).toMatchObject([{ text: 'a' }]);
  });
});

describe('a whole answer', () => {
  const answer = (parts: readonly AnswerPart[], finish: Finish = STOP): CanonicalAnswer => ({
    id: null,
    parts,
    finish,
    usage: USAGE,
  });
  const readWhole = (value: CanonicalAnswer) =>
    clientOf(
      JSON.stringify(anthropicMessagesClient.writeAnswer(value, CONTEXT)),
      'application/json',
    ).messages.create(ASKED);

  it('reads as what the model said', async () => {
    const parts: AnswerPart[] = [
      { type: 'reasoning', text: 'hm', origin: ORIGIN },
      { type: 'text', text: '' },
      { type: 'text', text: 'Hello', citations: [{ title: null, url: 'https://t', quote: null }] },
      { type: 'tool_call', id: 't1', name: 'run', input: '{"a":1}' },
      { type: 'tool_call', id: 't2', name: 'run', input: '' },
    ];
    expect(await readWhole(answer(parts))).toMatchObject({
      id: 'msg_ours',
      role: 'assistant',
      model: 'kimi/k2',
      content: [
        { type: 'thinking', thinking: 'hm', signature: sealText(ORIGIN) },
        { type: 'text', text: 'Hello', citations: [{ url: 'https://t' }] },
        { type: 'tool_use', id: 't1', name: 'run', input: { a: 1 } },
        { type: 'tool_use', id: 't2', input: {} },
      ],
      stop_reason: 'tool_use',
      usage: {
        input_tokens: 15,
        cache_read_input_tokens: 10,
        cache_creation_input_tokens: 5,
        output_tokens: 7,
      },
    });
  });

  it('reads the same to other clients of the dialect', async () => {
    const body = anthropicMessagesClient.writeAnswer(
      answer([
        { type: 'reasoning', text: '', origin: ORIGIN },
        { type: 'text', text: 'Hello', citations: [{ title: null, url: null, quote: null }] },
        { type: 'tool_call', id: 't1', name: 'run', input: '' },
      ]),
      CONTEXT,
    );
    const fetch = () => Promise.resolve(Response.json(body));
    const { content } = await createAnthropic({ apiKey: 'none', fetch })
      .languageModel('m')
      .doGenerate({ prompt: [{ role: 'user', content: [{ type: 'text', text: 'Hi' }] }] });
    expect(content).toMatchObject([
      { type: 'reasoning', providerMetadata: { anthropic: { redactedData: sealText(ORIGIN) } } },
      { type: 'text', text: 'Hello' },
      { type: 'source' },
      { type: 'tool-call', toolCallId: 't1', input: '{}' },
    ]);
  });

  it.each(['{"a":', '[1]', '"text"', 'not json'])('keeps arguments that are no object: %s', async (input) => {
    const message = await readWhole(answer([{ type: 'tool_call', id: 't', name: 'run', input }]));
    expect(message.content).toMatchObject([{ input: { INVALID_JSON: input } }]);
  });

  it.each([
    [{ reason: 'stop', stopSequence: null }, 'end_turn'],
    [{ reason: 'stop', stopSequence: 'END' }, 'stop_sequence'],
    [{ reason: 'length', stopSequence: null }, 'max_tokens'],
    [{ reason: 'content_filter', stopSequence: null }, 'refusal'],
    [{ reason: 'refusal', stopSequence: null }, 'refusal'],
    [{ reason: 'pause', stopSequence: null }, 'pause_turn'],
  ] as const)('says why it ended: %j', async (finish, reason) => {
    const message = await readWhole(answer([{ type: 'text', text: 'x' }], finish));
    expect(message).toMatchObject({ stop_reason: reason, stop_sequence: finish.stopSequence });
  });
});

describe('what is written and read again', () => {
  const part = fc.oneof(
    fc.record({ type: fc.constant('text' as const), text: fc.string({ minLength: 1 }) }),
    fc.record({
      type: fc.constant('tool_call' as const),
      id: fc.string({ minLength: 1 }),
      name: fc.string({ minLength: 1 }),
      input: fc.object().map((value) => JSON.stringify(value)),
    }),
  );

  it('is the same, whole and streamed, whatever the parts and however they interleave', () => {
    fc.assert(
      fc.property(fc.array(part, { maxLength: 5 }), fc.boolean(), (parts, interleaved) => {
        const whole = anthropicMessagesProvider.readAnswer(
          anthropicMessagesClient.writeAnswer({ id: 'x', parts, finish: STOP, usage: USAGE }, CONTEXT),
          TARGET,
        );
        const contents = parts.map((value) => (value.type === 'text' ? value.text : value.input));
        const opened = parts.map((value, at): CanonicalEvent =>
          value.type === 'text' ? open(at, 'text') : { type: 'open', part: at, opening: value },
        );
        const filled = contents.flatMap((text, at) => [
          delta(at, text.slice(0, 2)),
          delta(at, text.slice(2)),
        ]);
        const events = interleaved
          ? [...opened, ...filled, ...parts.map((_, at) => close(at))]
          : parts.flatMap((_, at) => [
              ...opened.slice(at, at + 1),
              ...filled.filter((event) => event.part === at),
              close(at),
            ]);
        const again = decode(anthropicMessagesProvider.createStreamDecoder(TARGET), [written(events)]);
        const text = (at: number) =>
          again.map((event) => (event.type === 'delta' && event.part === at ? event.text : '')).join('');
        expect(parts.map((_, at) => text(at))).toEqual(contents);
        expect(whole.parts.map((value) => (value.type === 'text' ? value.text : ''))).toEqual(
          parts.map((value) => (value.type === 'text' ? value.text : '')),
        );
        expect(whole.usage).toMatchObject({
          input: 15,
          cacheRead: 10,
          cacheWrite: 5,
          output: 7,
          reasoning: 3,
        });
      }),
      { numRuns: 60 },
    );
  });

  it('keeps a thought’s seal to the byte', async () => {
    const origin = {
      model: 'a/b',
      protocol: 'ANTHROPIC_MESSAGES',
      signature: 'é/+=\n',
      redacted: true,
    } as const;
    const message = await readStream(
      written([open(0, 'reasoning'), { type: 'origin', part: 0, origin }, close(0), finished('stop')]),
    );
    const [block] = message.content;
    expect(readSeal(block?.type === 'redacted_thinking' ? block.data : null, 'ANTHROPIC_MESSAGES')).toEqual(
      origin,
    );
  });
});
