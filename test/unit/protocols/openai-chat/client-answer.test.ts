/** Answers as OpenAI writes them, read by its own client. */
import { ChatCompletionStream } from 'openai/lib/ChatCompletionStream';
import { describe, expect, it } from 'vitest';
import type {
  AnswerPart,
  CanonicalEvent,
  CanonicalTool,
  Finish,
} from '../../../../src/protocols/canonical.js';
import { openaiChatClient } from '../../../../src/protocols/openai-chat/index.js';
import { readSeal } from '../../../../src/protocols/reasoning-seal.js';
import { NOTHING_STATED } from '../../../../src/protocols/usage.js';
import { context } from './given.js';

const patch: CanonicalTool = {
  name: 'patch',
  description: null,
  parameters: null,
  strict: null,
  freeText: { type: 'text' },
};
const origin = { model: 'acme/model-1', protocol: 'GEMINI', signature: 'S' } as const;
const usage = { ...NOTHING_STATED, input: 5, cacheRead: 4, cacheWrite: 1, output: 3, reasoning: 2 };
const stop: Finish = { reason: 'stop', stopSequence: null };

interface Frame {
  id: string;
  created: number;
  choices: { delta: Record<string, unknown>; finish_reason: string | null }[];
  usage?: unknown;
}
const framesOf = (stream: string): Frame[] =>
  stream
    .split('\n\n')
    .filter((frame) => frame.startsWith('data: {'))
    .map((frame) => JSON.parse(frame.slice(6)) as Frame);

function whole(parts: readonly AnswerPart[], finish = stop, tools: readonly CanonicalTool[] = []) {
  const written = openaiChatClient.writeAnswer({ id: 'x-1', parts, finish, usage }, context({ tools }));
  const [choice] = written['choices'] as { message: Record<string, unknown>; finish_reason: string }[];
  return { written, choice };
}

describe('a whole answer', () => {
  it('has one message with text, thought, references and calls', () => {
    const { written, choice } = whole(
      [
        { type: 'reasoning', text: 'Hm.', origin },
        { type: 'text', text: 'See ' },
        { type: 'text', text: 'this.', citations: [{ title: null, url: 'https://a.example', quote: null }] },
        { type: 'tool_call', id: 'a', name: 'f', input: '', origin },
      ],
      { reason: 'tool_calls', stopSequence: null },
    );
    expect(written).toMatchObject({
      id: 'x-1',
      object: 'chat.completion',
      created: 1_760_000_000,
      model: 'acme/model-1',
      usage: {
        prompt_tokens: 10,
        completion_tokens: 3,
        total_tokens: 13,
        prompt_tokens_details: { cached_tokens: 4, cache_write_tokens: 1 },
        completion_tokens_details: { reasoning_tokens: 2 },
      },
    });
    expect(choice).toMatchObject({
      finish_reason: 'tool_calls',
      message: {
        role: 'assistant',
        content: 'See this.',
        refusal: null,
        reasoning_content: 'Hm.',
        annotations: [
          {
            type: 'url_citation',
            url_citation: {
              url: 'https://a.example',
              title: 'https://a.example',
              start_index: 4,
              end_index: 9,
            },
          },
        ],
        tool_calls: [{ id: 'a', type: 'function', function: { name: 'f', arguments: '{}' } }],
      },
    });
    const seal = /"thought_signature":"([^"]+)"/.exec(JSON.stringify(choice))?.[1] ?? null;
    expect(readSeal(seal, 'OPENAI_CHAT')).toEqual(origin);
  });
  it('gives free text back to a tool that takes it, and leaves content null beside calls', () => {
    const { choice } = whole(
      [{ type: 'tool_call', id: 'a', name: 'patch', input: '{"input":"+ x\\n"}' }],
      stop,
      [patch],
    );
    expect(choice?.message).toMatchObject({
      content: null,
      tool_calls: [{ id: 'a', type: 'custom', custom: { name: 'patch', input: '+ x\n' } }],
    });
  });
  it.each([
    ['length', [], 'length'],
    ['content_filter', [], 'content_filter'],
    ['pause', [], 'stop'],
    ['refusal', [{ type: 'refusal', text: 'No.' }], 'stop'],
    ['refusal', [{ type: 'text', text: 'No.' }], 'content_filter'],
  ] as const)('ends for %s with %j as %s', (reason, parts, word) => {
    expect(whole(parts, { reason, stopSequence: null }).choice?.finish_reason).toBe(word);
  });
});

describe('a stream', () => {
  const events: readonly CanonicalEvent[] = [
    { type: 'start', id: 'x-1' },
    { type: 'open', part: 0, opening: { type: 'reasoning' } },
    { type: 'delta', part: 0, text: 'Hm.' },
    { type: 'close', part: 0 },
    { type: 'open', part: 1, opening: { type: 'text' } },
    { type: 'delta', part: 1, text: 'Hel' },
    { type: 'delta', part: 1, text: 'lo' },
    { type: 'citation', part: 1, citation: { title: 'A', url: 'https://a.example', quote: null } },
    { type: 'close', part: 1 },
    { type: 'open', part: 2, opening: { type: 'tool_call', id: 'a', name: 'f' } },
    { type: 'origin', part: 2, origin },
    { type: 'open', part: 3, opening: { type: 'tool_call', id: 'b', name: 'patch' } },
    { type: 'delta', part: 3, text: '{"input": "é\\u00' },
    { type: 'delta', part: 2, text: '{"x":1}' },
    { type: 'delta', part: 3, text: 'e9"}' },
    { type: 'close', part: 2 },
    { type: 'close', part: 3 },
    { type: 'open', part: 4, opening: { type: 'tool_call', id: 'c', name: 'g' } },
    { type: 'close', part: 4 },
    { type: 'finish', finish: { reason: 'tool_calls', stopSequence: null } },
    { type: 'usage', usage },
  ];
  const write = (given: readonly CanonicalEvent[], wantsUsage: boolean): string => {
    const writer = openaiChatClient.createStreamWriter(context({ stream: true, wantsUsage, tools: [patch] }));
    return writer.write(given) + writer.end();
  };

  it('states the role first, then everything in order, calls numbered, under one id', () => {
    const frames = framesOf(write(events, false));
    expect(new Set(frames.map(({ id, created }) => `${id} ${created}`))).toEqual(new Set(['x-1 1760000000']));
    const deltas = frames.map((frame) => frame.choices[0]?.delta);
    expect(deltas[0]).toEqual({ role: 'assistant', content: '' });
    expect(deltas.slice(1, 4)).toEqual([{ reasoning_content: 'Hm.' }, { content: 'Hel' }, { content: 'lo' }]);
    expect(deltas[4]).toMatchObject({ annotations: [{ url_citation: { start_index: 0, end_index: 5 } }] });
    const pieces = deltas.flatMap((delta) => (delta?.['tool_calls'] ?? []) as Record<string, unknown>[]);
    expect(pieces).toMatchObject([
      { index: 0, id: 'a', type: 'function', function: { name: 'f', arguments: '' }, extra_content: {} },
      { index: 1, id: 'b', type: 'custom', custom: { name: 'patch', input: '' } },
      { index: 1, custom: { input: 'é' } },
      { index: 0, function: { arguments: '{"x":1}' } },
      { index: 1, custom: { input: 'é' } },
      { index: 2, id: 'c', function: { name: 'g', arguments: '' } },
      { index: 2, function: { arguments: '{}' } },
    ]);
    expect(frames.at(-1)?.choices[0]).toMatchObject({ delta: {}, finish_reason: 'tool_calls' });
  });
  it('is the same however the events are handed over, but for a seal that comes late', () => {
    const unsealed = events.filter((event) => event.type !== 'origin');
    const writer = openaiChatClient.createStreamWriter(
      context({ stream: true, wantsUsage: true, tools: [patch] }),
    );
    expect(unsealed.map((event) => writer.write([event])).join('') + writer.end()).toBe(
      write(unsealed, true),
    );
  });
  it('shows usage in a last chunk without choices, only when it was asked for', () => {
    const last = framesOf(write(events, true)).at(-1);
    expect(last).toMatchObject({
      choices: [],
      usage: { prompt_tokens: 10, completion_tokens: 3, total_tokens: 13 },
    });
    expect(write(events, false)).not.toContain('"usage"');
    expect(write(events, true).endsWith('data: [DONE]\n\n')).toBe(true);
  });
  it('reads as one message to OpenAI’s own client', async () => {
    const lines = framesOf(
      write(
        events.filter((event) => !('part' in event) || event.part !== 3),
        true,
      ),
    )
      .map((frame) => JSON.stringify(frame))
      .join('\n');
    const stream = ChatCompletionStream.fromReadableStream(new Blob([lines]).stream());
    const completion = await stream.finalChatCompletion();
    expect(completion.choices[0]).toMatchObject({
      finish_reason: 'tool_calls',
      message: {
        role: 'assistant',
        content: 'Hello',
        tool_calls: [
          { id: 'a', function: { name: 'f', arguments: '{"x":1}' } },
          { id: 'c', function: { name: 'g', arguments: '{}' } },
        ],
      },
    });
    expect(completion.usage?.total_tokens).toBe(13);
  });
  it('that breaks ends with an error and no closing frame; a ping is a comment', () => {
    const writer = openaiChatClient.createStreamWriter(context({ stream: true }));
    writer.write(events.slice(0, 3));
    const failed = writer.fail({ status: 502, message: 'gone', code: 'UPSTREAM_FAILED', requestId: 'r' });
    expect(failed).toMatch(/^data: \{"error":/);
    expect(failed).not.toContain('[DONE]');
    expect(writer.ping()).toMatch(/^:.*\n\n$/);
  });
  it('without an id of the provider’s keeps ours', () => {
    const writer = openaiChatClient.createStreamWriter(context({ stream: true }));
    const frames = framesOf(
      writer.write([
        { type: 'start', id: null },
        { type: 'finish', finish: stop },
      ]),
    );
    expect(frames.map((frame) => frame.id)).toEqual(['ans-1', 'ans-1']);
  });
});
