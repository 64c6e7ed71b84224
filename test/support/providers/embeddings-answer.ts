/** Answers in the format of OpenAI's embeddings. */
import { scriptAnswer } from './script.js';
import type { Reply, SimulatedCall } from './simulation.js';

/** Serves a vector for each text, as numbers or as base64, as the request asks. Only input is used. */
export function embeddingsAnswer(call: SimulatedCall, provider: string): Reply {
  const { body } = call;
  const { tokens, model } = scriptAnswer(call);
  const texts = Array.isArray(body['input']) ? body['input'] : [body['input']];
  const data = texts.map((_, index) => ({
    object: 'embedding',
    index,
    embedding: body['encoding_format'] === 'base64' ? inBase64(vectorOf(index)) : vectorOf(index),
  }));
  const stated = { input: tokens.input, cacheRead: 0, cacheWrite: 0, output: 0, reasoning: null };
  const usage = { prompt_tokens: tokens.input, total_tokens: tokens.input };
  return {
    kind: 'json',
    status: 200,
    body: { object: 'list', data, model, usage },
    answerId: `embd-${provider}-${call.serial}`,
    stated,
  };
}

/** Told apart by their place; every number is exact in single precision. */
function vectorOf(index: number): number[] {
  return [index, 0.5, -0.25, 0.125];
}

function inBase64(vector: readonly number[]): string {
  return Buffer.from(Float32Array.from(vector).buffer).toString('base64');
}
