/** What the tests of this format start from. */
import { readFileSync } from 'node:fs';
import type { CanonicalRequest } from '../../../../src/protocols/canonical.js';
import type { AnswerContext } from '../../../../src/protocols/dialect.js';
import type { Quirks, Target } from '../../../../src/protocols/target.js';

export const target = (quirks: Quirks = {}, maxOutputTokens: number | null = null): Target => ({
  model: 'acme/model-1',
  upstreamId: 'model-1',
  maxOutputTokens,
  capabilities: [],
  quirks,
});

export const request = (given: Partial<CanonicalRequest> = {}): CanonicalRequest => ({
  messages: [{ role: 'user', content: [{ type: 'text', text: 'Hello' }] }],
  tools: [],
  toolChoice: null,
  parallelToolCalls: null,
  maxOutputTokens: null,
  stop: [],
  sampling: {},
  reasoning: null,
  output: null,
  verbosity: null,
  userId: null,
  metadata: null,
  cacheKey: null,
  serviceTier: null,
  stream: false,
  wantsUsage: true,
  ...given,
});

export const context = (given: Partial<CanonicalRequest> = {}): AnswerContext => ({
  request: request(given),
  model: 'acme/model-1',
  answerId: 'ans-1',
  createdAt: 1_760_000_000,
});

export const data = (...frames: readonly (string | object)[]): string =>
  frames.map((frame) => `data: ${typeof frame === 'string' ? frame : JSON.stringify(frame)}\n\n`).join('');

/** A frame with one delta. */
export const chunk = (delta: object, rest: object = {}): object => ({
  id: 'c1',
  choices: [{ index: 0, delta, finish_reason: null, ...rest }],
});

export const finish = (reason: string): object => chunk({}, { finish_reason: reason });

/** A recorded stream as it came over the wire. */
export function recorded(name: string): string {
  const file = new URL(`../../../fixtures/streams/${name}.chunks.txt`, import.meta.url);
  return `${data(...readFileSync(file, 'utf8').split('\n').filter(Boolean))}data: [DONE]\n\n`;
}
