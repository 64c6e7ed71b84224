/** Embeddings as they pass through: what they used, and what is no answer. */
import { describe, expect, it } from 'vitest';
import { scanObject } from '../../../src/protocols/json-scan.js';
import { openaiEmbeddings } from '../../../src/protocols/openai-embeddings/index.js';
import { tokensOf } from '../../../src/protocols/usage.js';

const read = (body: unknown) => {
  const bytes = Buffer.from(JSON.stringify(body));
  const members = scanObject(bytes);
  return {
    answers: openaiEmbeddings.isAnswer(members, bytes),
    tokens: tokensOf(openaiEmbeddings.usageOfAnswer(bytes, members)),
  };
};
const data = [{ object: 'embedding', index: 0, embedding: [0.5] }];

describe('embeddings', () => {
  it('use input only, as stated', () => {
    expect(read({ data, usage: { prompt_tokens: 8, total_tokens: 8 } })).toEqual({
      answers: true,
      tokens: { input: 8, cacheRead: 0, cacheWrite: 0, output: 0, reasoning: null },
    });
    expect(read({ data, usage: { total_tokens: 5 } }).tokens).toMatchObject({ input: 5, output: 0 });
  });

  it.each([{ data }, { data, usage: null }, { data, usage: [] }, { data, usage: { prompt_tokens: '8' } }])(
    'state nothing in %j',
    (body) => {
      expect(read(body)).toEqual({ answers: true, tokens: null });
    },
  );

  it('are no answer without data', () => {
    expect(read({ error: { message: 'no' } }).answers).toBe(false);
  });

  it('are never streamed, whatever is asked', () => {
    const body = Buffer.from('{"model":"m","input":"x","stream":true}');
    expect(openaiEmbeddings.readRequest(body, scanObject(body))).toEqual({ stream: false, usageEdits: [] });
  });
});
