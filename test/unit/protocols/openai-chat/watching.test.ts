/** What passes by: whether a whole answer answers anything, and what counts as content. */
import { describe, expect, it } from 'vitest';
import { scanObject } from '../../../../src/protocols/json-scan.js';
import { openaiChat } from '../../../../src/protocols/openai-chat/index.js';
import { tokensOf } from '../../../../src/protocols/usage.js';
import { chunk, data, finish } from './given.js';

function isAnswer(body: object): boolean {
  const bytes = Buffer.from(JSON.stringify(body));
  return openaiChat.isAnswer(scanObject(bytes), bytes);
}
const message = (stated: object, rest: object = {}) => ({
  choices: [{ message: stated, finish_reason: 'stop', ...rest }],
});

describe('a whole answer', () => {
  it.each([
    ['text', message({ content: 'a' })],
    ['a refusal', message({ content: null, refusal: 'No.' })],
    ['a thought', message({ content: '', reasoning_content: 'Hm.' })],
    ['a call', message({ content: null, tool_calls: [{ id: 'a' }] })],
    ['a call in the older spelling', message({ content: null, function_call: { name: 'f' } })],
    ['parts', message({ content: [{ type: 'text', text: 'a' }] })],
    [
      'nothing because its tokens went into hidden thoughts',
      message({ content: '' }, { finish_reason: 'length' }),
    ],
  ])('is one with %s', (_what, body) => {
    expect(isAnswer(body)).toBe(true);
  });
  it.each([
    ['no choices', { id: 'x' }],
    ['an empty list of them', { choices: [] }],
    [
      'a message that says nothing',
      message({ role: 'assistant', content: '', tool_calls: [], refusal: null }),
    ],
    ['no message', { choices: [{ finish_reason: 'stop' }] }],
    ['a choice that failed', message({ content: 'a' }, { error: { message: 'over' } })],
  ])('is none with %s', (_what, body) => {
    expect(isAnswer(body)).toBe(false);
  });
  it('states its usage wherever its provider puts it', () => {
    const usage = { prompt_tokens: 9, completion_tokens: 2 };
    for (const body of [{ usage }, { choices: [{ usage }] }, { choices: [], x_groq: { usage } }]) {
      const bytes = Buffer.from(JSON.stringify(body));
      expect(tokensOf(openaiChat.usageOfAnswer(bytes, scanObject(bytes)))).toMatchObject({
        input: 9,
        output: 2,
      });
    }
  });
});

describe('a stream', () => {
  const watch = (...pieces: string[]) => {
    const reader = openaiChat.createStreamReader({ hideUsage: false });
    for (const piece of pieces) reader.push(Buffer.from(piece));
    return reader;
  };
  it('is not opened by a comment, nor does one count as content', () => {
    expect(watch(': data: soon\n\n').opened).toBe(false);
    const { contentFrames } = watch(data(chunk({ content: 'a' })), ': ping\n\n', ': ping\n\n');
    expect(contentFrames).toBe(1);
  });
  it('counts the same content however it arrives', () => {
    const frames = [
      chunk({ role: 'assistant' }),
      chunk({ content: 'a' }),
      chunk({ content: 'b' }),
      chunk({ content: 'c' }),
    ];
    const whole = watch(data(...frames)).contentFrames;
    expect(whole).toBe(3);
    expect(watch(...frames.map((frame) => data(frame))).contentFrames).toBe(whole);
  });
  it('that ends without [DONE] is complete once a reason came', () => {
    const reader = watch(data(chunk({ content: 'a' }), finish('stop')));
    reader.end();
    expect(reader).toMatchObject({ finished: true, closed: false, errorData: null });
  });
  it("hides Groq's usage too", () => {
    const reader = openaiChat.createStreamReader({ hideUsage: true });
    const frame = { ...finish('stop'), x_groq: { id: 'x', usage: { prompt_tokens: 9 } } };
    expect(reader.push(Buffer.from(data(frame))).toString()).toBe(
      data({ ...finish('stop'), x_groq: { id: 'x' } }),
    );
    expect(reader.usage.prompt).toBe(9);
  });
});
