/** The stream readers: the same bytes and the same usage however the stream is cut, and usage hidden without a trace. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { STREAM_FRAME_MAX_BYTES } from '../../../src/config/limits.js';
import { openaiResponses } from '../../../src/protocols/openai-responses/index.js';
import { anthropicMessages, openaiChat } from '../../../src/protocols/registry.js';
import { tokensOf } from '../../../src/protocols/usage.js';

const FIXTURES = new URL('../../fixtures/streams/', import.meta.url);
type Format = typeof openaiChat;

function recorded(name: string): { format: Format; frames: string[] } {
  const lines = readFileSync(new URL(name, FIXTURES), 'utf8').split('\n').filter(Boolean);
  const named = /^(anthropic|openai-custom-tool)/.exec(name)?.[1];
  if (named === undefined) {
    return { format: openaiChat, frames: [...lines.map((line) => `data: ${line}\n\n`), 'data: [DONE]\n\n'] };
  }
  const frames = lines.map(
    (line) => `event: ${(JSON.parse(line) as { type: string }).type}\ndata: ${line}\n\n`,
  );
  return { format: named === 'anthropic' ? anthropicMessages : openaiResponses, frames };
}

function read(format: Format, chunks: readonly (string | Buffer)[], hideUsage: boolean) {
  const reader = format.createStreamReader({ hideUsage });
  const passed = chunks.map((chunk) => reader.push(Buffer.from(chunk)));
  passed.push(reader.end());
  const { usage, finished, closed, opened, errorData } = reader;
  return {
    text: Buffer.concat(passed).toString(),
    usage,
    tokens: tokensOf(usage),
    finished,
    closed,
    opened,
    errorData,
  };
}
const chat = (text: string, hideUsage = false) => read(openaiChat, [text], hideUsage);
const messages = (text: string) => read(anthropicMessages, [text], false);
const data = (...frames: string[]) => frames.map((json) => `data: ${json}\n\n`).join('');
const start = '{"choices":[{"index":0,"delta":{"content":"é€𝕏"},"finish_reason":null}]}';

/** Forms beyond the recordings. */
const FORMS: readonly (readonly [string, Format, string])[] = [
  [
    'moonshot, usage in the choice',
    openaiChat,
    data(
      start,
      '{"choices":[{"index":0,"delta":{},"finish_reason":"stop","usage":{"prompt_tokens":9,"completion_tokens":2,"cached_tokens":4}}]}',
      '[DONE]',
    ),
  ],
  [
    'usage alone after the finish, then a cost frame after [DONE]',
    openaiChat,
    data(
      start,
      '{"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":2}}',
      '[DONE]',
      '{"choices":[],"cost":"0.01"}',
    ),
  ],
  [
    'comments, CR LF, other fields, several data lines',
    openaiChat,
    `: data: wait\r\n\r\nid: 1\r\n${data(start).replaceAll('\n', '\r\n')}event: x\r\ndata: {"choices":[{"delta":{}}],\r\ndata:  "usage":{"prompt_tokens":9,"completion_tokens":2}}\r\nid: 2\r\n\r\ndata: [DONE]\r\n\r\n`,
  ],
  [
    'line ends mixed',
    openaiChat,
    `data: ${start}\r\n\ndata: {"choices":[],"usage": {"prompt_tokens":9,"completion_tokens":2}}\n\r\ndata:[DONE]\n\n`,
  ],
  [
    'no blank line at the end',
    openaiChat,
    `${data(start)}data: {"choices":[],"usage" : {"prompt_tokens":9,"completion_tokens":2}}`,
  ],
];
const STREAMS = [
  ...readdirSync(FIXTURES)
    .filter((name) => name.endsWith('.txt') && !name.startsWith('google'))
    .map((name) => [name, recorded(name).format, recorded(name).frames.join('')] as const),
  ...FORMS,
];

describe.each(STREAMS)('%s', (_name, format, text) => {
  const bytes = Buffer.from(text);
  for (const hideUsage of [false, true]) {
    it(`reads the same and passes the same on, cut at any byte (usage hidden: ${hideUsage})`, () => {
      const whole = read(format, [bytes], hideUsage);
      expect(whole.tokens).not.toBeNull();
      if (!hideUsage) expect(whole.text).toBe(text);
      // Every byte of short streams; of long ones, so many that the work stays the same.
      const step = Math.max(1, Math.floor(bytes.length ** 2 / 15_000_000));
      for (let at = 0; at <= bytes.length; at += step) {
        expect(read(format, [bytes.subarray(0, at), bytes.subarray(at)], hideUsage)).toEqual(whole);
      }
      expect(
        read(
          format,
          Array.from(bytes, (byte) => Buffer.of(byte)),
          hideUsage,
        ),
      ).toEqual(whole);
    });
  }

  it('hides usage and nothing else', () => {
    if (format !== openaiChat) return;
    const withoutUsage = (value: unknown): unknown =>
      JSON.parse(
        JSON.stringify(value, (key, inner: unknown) =>
          key === 'usage' && inner !== null ? undefined : inner,
        ),
      );
    const framesOf = (stream: string) =>
      stream
        .split(/\r?\n\r?\n/)
        .map((frame) =>
          frame
            .split(/\r?\n/)
            .filter((line) => line.startsWith('data:'))
            .map((line) => line.slice(5))
            .join('\n')
            .trim(),
        )
        .filter((json) => json !== '' && json !== '[DONE]')
        .map((json) => JSON.parse(json) as { choices: unknown[]; usage?: unknown });
    const kept = framesOf(text).filter((frame) => frame.choices.length > 0 || !frame.usage);
    expect(framesOf(read(format, [text], true).text)).toEqual(kept.map(withoutUsage));
    expect(read(format, [text], true).text).not.toMatch(/"usage"\s*:\s*\{/);
  });
});

describe('hiding usage', () => {
  const frame = (json: string) => chat(data(json), true).text;
  it('takes out the member wherever it stands in its frame', () => {
    const usage = '"usage":{"prompt_tokens":1}';
    expect(frame(`{${usage},"choices":[{}]}`)).toBe(data('{"choices":[{}]}'));
    expect(frame(`{"id":1,${usage},"choices":[{}]}`)).toBe(data('{"id":1,"choices":[{}]}'));
    expect(frame(`{"choices":[{}] , ${usage} }`)).toBe(data('{"choices":[{}]  }'));
    expect(frame(`{"choices":[{"i":0,${usage}},{${usage}}]}`)).toBe(data('{"choices":[{"i":0},{}]}'));
    expect(frame(`{"\\u0075sage":{"x":1},${usage},"choices":[{}]}`)).not.toContain('prompt_tokens');
    expect(frame(`{"choices":[null,1],${usage}}`)).toBe(data('{"choices":[null,1]}'));
  });
  it('drops a frame that brought nothing else', () => {
    expect(frame('{"id":"x","choices":[],"usage":{"prompt_tokens":1}}')).toBe('');
  });
  it('keeps a frame it cannot look into', () => {
    const deep = `{"choices":[${'['.repeat(600)}${']'.repeat(600)}],"usage":{"prompt_tokens":1}}`;
    expect(frame(deep)).toBe(data(deep));
  });
  it('leaves text alone that talks about usage, errors and endings', () => {
    const text = JSON.stringify('say "usage": {"prompt_tokens": 5}, "error": {}, data: [DONE]\n\ndata: x');
    const json = `{"choices":[{"delta":{"content":${text}}}]}`;
    expect(chat(data(json), true)).toMatchObject({
      text: data(json),
      tokens: null,
      finished: false,
      errorData: null,
    });
    const block = `{"type":"content_block_delta","delta":{"type":"text_delta","text":${text}}}`;
    expect(messages(data(block))).toMatchObject({
      text: data(block),
      tokens: null,
      finished: false,
      errorData: null,
    });
  });
});

describe('usage of a stream', () => {
  const usageOf = (...frames: string[]) => chat(data(...frames)).tokens;
  it('is not overwritten by a trailing one of zeros, nor by null', () => {
    const stated = '{"choices":[{}],"usage":{"prompt_tokens":5,"completion_tokens":6}}';
    const zeros = '{"choices":[],"usage":{"prompt_tokens":0,"completion_tokens":0,"total_tokens":0}}';
    expect(usageOf(stated, zeros, '{"choices":[],"usage":null}')).toMatchObject({ input: 5, output: 6 });
    expect(usageOf(zeros)).toMatchObject({ input: 0, output: 0 });
  });
  it('adds the reasoning that xAI leaves out of its completion count, and only there', () => {
    const usage = (completion: number) =>
      `{"choices":[],"usage":{"prompt_tokens":12,"completion_tokens":${completion},"total_tokens":303,"completion_tokens_details":{"reasoning_tokens":290}}}`;
    expect(usageOf(usage(1))).toMatchObject({ input: 12, output: 291, reasoning: 290 });
    expect(usageOf(usage(291))).toMatchObject({ input: 12, output: 291, reasoning: 290 });
  });
  it('counts cached input apart in every spelling', () => {
    for (const cached of [
      '"prompt_tokens_details":{"cached_tokens":4}',
      '"cached_tokens":4',
      '"prompt_cache_hit_tokens":4,"prompt_cache_miss_tokens":5',
    ]) {
      expect(usageOf(`{"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":1,${cached}}}`)).toEqual({
        input: 5,
        cacheRead: 4,
        cacheWrite: 0,
        output: 1,
        reasoning: null,
      });
    }
  });
  it('is the last word per field where a message restates its start or its input', () => {
    const begin =
      '{"type":"message_start","message":{"usage":{"input_tokens":43,"cache_read_input_tokens":7,"output_tokens":1}}}';
    const delta = '{"type":"message_delta","delta":{},"usage":{"input_tokens":61,"output_tokens":30}}';
    const { tokens, finished } = messages(data(begin, begin, delta, '{"type":"message_stop"}'));
    expect(tokens).toEqual({ input: 61, cacheRead: 7, cacheWrite: 0, output: 30, reasoning: null });
    expect(finished).toBe(true);
  });
});

describe('a frame larger than is held', () => {
  it.each([1, 4_096])(
    'passes on unread and unharmed, and the next is read again (in pieces of %d KiB)',
    (kib) => {
      const huge = data(
        `{"choices":[{"delta":{"content":"${'x'.repeat(STREAM_FRAME_MAX_BYTES + 5_000)}"}}]}`,
      );
      const text =
        huge + data(start, '{"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":2}}', '[DONE]');
      const bytes = Buffer.from(text);
      const chunks = Array.from({ length: Math.ceil(bytes.length / (kib * 1024)) }, (_, i) =>
        bytes.subarray(i * kib * 1024, (i + 1) * kib * 1024),
      );
      const result = read(openaiChat, chunks, true);
      expect(result.text).toBe(huge + data(start, '[DONE]'));
      expect(result).toMatchObject({ tokens: { input: 9, output: 2 }, closed: true });
    },
  );
});
