/** What a gateway needs of this format where it passes bytes on: repairs, errors, estimates, and whether an answer is one. */
import { describe, expect, it } from 'vitest';
import type { FailureClass } from '../../../../src/domain/vocabulary.js';
import {
  anthropicMessages,
  anthropicMessagesRepair,
  estimateInputTokens,
} from '../../../../src/protocols/anthropic-messages/index.js';
import { applyEdits, scanObject } from '../../../../src/protocols/json-scan.js';
import { sealText } from '../../../../src/protocols/reasoning-seal.js';
import type { Target } from '../../../../src/protocols/target.js';
import { TARGET } from './support.js';

function repaired(json: string, target: Partial<Target> = {}) {
  const body = Buffer.from(json);
  const { edits, repairs } = anthropicMessagesRepair(body, scanObject(body), { ...TARGET, ...target });
  return { json: applyEdits(body, edits).toString(), repairs };
}

describe('a request on its way to its own dialect', () => {
  it('stays the bytes it was', () => {
    const json =
      ' {"max_tokens" : 32000, "thinking":{"type":"enabled","budget_tokens":31999}, "x":1e2, "messages":[]} ';
    expect(repaired(json, { quirks: { refusedFields: ['top_k'] } })).toEqual({ json, repairs: [] });
    expect(repaired(json, { maxOutputTokens: null })).toEqual({ json, repairs: [] });
  });

  it('is held to what the model can write, its thinking with it', () => {
    const json = '{"max_tokens": 64000,"thinking":{"budget_tokens": 40000, "type":"enabled"},"messages":[]}';
    expect(repaired(json)).toEqual({
      json: '{"max_tokens": 32000,"thinking":{"budget_tokens": 31999, "type":"enabled"},"messages":[]}',
      repairs: ['max_tokens_clamped'],
    });
  });

  it.each([
    ['{"top_k":1,"top_p":1,"a":1}', '{"a":1}'],
    ['{"a":1 , "top_k":1, "b":2,"top_p":1}', '{"a":1, "b":2}'],
    ['{"a":1,"top_k":1,"top_p":1}', '{"a":1}'],
    ['{"top_k":1 , "a":1}', '{"a":1}'],
  ])('goes without the fields its provider refuses: %s', (json, left) => {
    const { json: passed, repairs } = repaired(json, { quirks: { refusedFields: ['top_k', 'top_p'] } });
    expect(passed).toBe(left);
    expect(repairs).toEqual(
      ['top_k', 'top_p'].filter((field) => json.includes(field)).map((field) => `removed.${field}`),
    );
  });

  it('goes without thoughts of models that were asked in another dialect', () => {
    const seal = sealText({ model: 'kimi/k2', protocol: 'OPENAI_CHAT', signature: null });
    const foreign = { type: 'thinking', thinking: 'hm', signature: seal };
    const sealed = { type: 'redacted_thinking', data: seal };
    const own = { type: 'thinking', thinking: 'ha', signature: 'EqQB' };
    const text = { type: 'text', text: `the seal "${seal}"` };
    const turns = (...contents: object[]) =>
      JSON.stringify({ messages: contents.map((content) => ({ role: 'assistant', content })) });
    expect(repaired(turns([foreign, text], [foreign, sealed], [own, sealed, text]))).toEqual({
      json: turns([text], [own, text]),
      repairs: ['foreign_thoughts'],
    });
    expect(repaired(turns([own, text])).repairs).toEqual([]);
  });
});

describe('an error', () => {
  const errorOf = (status: number, code: FailureClass, message = 'No.') => {
    const error = { status, code, message, requestId: 'r1' };
    expect(anthropicMessages.errors.frame(error)).toBe(
      `event: error\ndata: ${anthropicMessages.errors.body(error)}\n\n`,
    );
    return (JSON.parse(anthropicMessages.errors.body(error)) as { error: object }).error;
  };

  it.each([
    [503, 'UPSTREAM_ERROR', 'overloaded_error'],
    [502, 'UPSTREAM_ERROR', 'api_error'],
    [502, 'AUTHENTICATION', 'api_error'],
    [429, 'RATE_LIMITED', 'rate_limit_error'],
    [502, 'QUOTA_EXHAUSTED', 'rate_limit_error'],
    [402, 'BILLING', 'billing_error'],
    [413, 'INVALID_REQUEST', 'request_too_large'],
    [504, 'TIMEOUT', 'timeout_error'],
    [403, 'CLIENT_REFUSED', 'permission_error'],
    [502, 'INCOMPLETE_ANSWER', 'api_error'],
  ] as const)('of status %d and class %s is a %s', (status, code, type) => {
    expect(errorOf(status, code)).toEqual({ type, message: 'No.' });
  });

  it.each([
    [
      "This model's maximum context length is 131072 tokens. However, you requested 140,010 tokens",
      'prompt is too long: 140010 tokens > 131072 maximum: ',
    ],
    [
      'Requested token count exceeds the maximum context length of 262144 tokens. You requested 262462 tokens: 230462 tokens of input and 32000 tokens',
      'prompt is too long: 262462 tokens > 262144 maximum: ',
    ],
    ['The input is too big.', 'prompt is too long: The input is too big.'],
    [
      'prompt is too long: 210000 tokens > 200000 maximum',
      'prompt is too long: 210000 tokens > 200000 maximum',
    ],
  ])('about the context makes agents compact: %s', (message, beginning) => {
    const error = errorOf(400, 'CONTEXT_LENGTH', message) as { type: string; message: string };
    expect(error.type).toBe('invalid_request_error');
    expect(error.message.startsWith(beginning)).toBe(true);
  });
});

describe('a whole answer', () => {
  const isAnswer = (json: string) =>
    anthropicMessages.isAnswer(scanObject(Buffer.from(json)), Buffer.from(json));
  it('is one when it says something, or refuses to', () => {
    expect(isAnswer('{"content":[{"type":"text","text":""}]}')).toBe(true);
    expect(isAnswer('{"content":[],"stop_reason":"refusal"}')).toBe(true);
    expect(isAnswer('{"content":[ \n ],"stop_reason":"end_turn"}')).toBe(false);
    expect(isAnswer('{"content":null}')).toBe(false);
    expect(isAnswer('{"error":{}}')).toBe(false);
  });
});

describe('an estimate of input', () => {
  const estimate = (value: object) => {
    const body = Buffer.from(JSON.stringify(value));
    return estimateInputTokens(body, scanObject(body));
  };
  const image = (bytes: number) => ({
    type: 'image',
    source: { type: 'base64', media_type: 'image/png', data: 'A'.repeat(bytes) },
  });

  it('grows with system, tools and messages, and with nothing else', () => {
    const base = estimate({ messages: [] });
    expect(base).toBeGreaterThan(0);
    expect(estimate({ messages: [], model: 'x'.repeat(9_000) })).toBe(base);
    const words = 'word '.repeat(1_000);
    for (const more of [{ system: words }, { tools: [words] }]) {
      expect(estimate({ messages: [], ...more })).toBeGreaterThan(base + 1_000);
      expect(estimate({ messages: [], ...more })).toBeLessThan(base + 2_000);
    }
  });

  it('counts a picture for what it is and not for its length, a document for its pages', () => {
    const asked = (...content: object[]) => estimate({ messages: [{ role: 'user', content }] });
    expect(asked(image(4_000_000))).toBe(asked(image(4_000)));
    expect(asked(image(4_000), image(4_000))).toBeLessThan(4_000);
    const pdf = {
      type: 'document',
      source: { type: 'base64', data: 'A'.repeat(500_000), media_type: 'application/pdf' },
    };
    expect(asked(pdf)).toBeGreaterThan(10_000);
    const words = 'word '.repeat(1_000);
    expect(asked({ type: 'tool_use', input: { data: words } })).toBeGreaterThan(1_000);
  });
});
