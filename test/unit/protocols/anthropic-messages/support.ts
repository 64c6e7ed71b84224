/** What several tests of this format need: a target, a context, streams as they were recorded. */
import { readFileSync } from 'node:fs';
import type { CanonicalEvent, CanonicalRequest } from '../../../../src/protocols/canonical.js';
import type { AnswerContext, AnswerStreamDecoder } from '../../../../src/protocols/dialect.js';
import type { Target } from '../../../../src/protocols/target.js';

export const TARGET: Target = {
  model: 'anthropic/claude-x',
  upstreamId: 'claude-x',
  maxOutputTokens: 32_000,
  capabilities: [],
  quirks: {},
};

export const REQUEST: CanonicalRequest = {
  messages: [{ role: 'user', content: [{ type: 'text', text: 'Hi' }] }],
  tools: [],
  toolChoice: null,
  parallelToolCalls: null,
  maxOutputTokens: 4_000,
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
};

export const CONTEXT: AnswerContext = {
  request: REQUEST,
  model: 'kimi/k2',
  answerId: 'msg_ours',
  createdAt: 1_760_000_000,
};

export const RECORDED = [
  'anthropic-text.chunks.txt',
  'anthropic-tool-no-args.chunks.txt',
  'anthropic-message-delta-input-tokens.chunks.txt',
];

/** Frames as a provider sends them. */
export function streamOf(frames: readonly object[]): string {
  return frames
    .map((frame) => `event: ${(frame as { type: string }).type}\ndata: ${JSON.stringify(frame)}\n\n`)
    .join('');
}

export function recorded(name: string): string {
  const file = new URL(`../../../fixtures/streams/${name}`, import.meta.url);
  const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean);
  return streamOf(lines.map((line) => JSON.parse(line) as object));
}

export function decode(decoder: AnswerStreamDecoder, chunks: readonly (string | Buffer)[]): CanonicalEvent[] {
  const events = chunks.flatMap((chunk) => [...decoder.push(Buffer.from(chunk))]);
  return [...events, ...decoder.end()];
}

/** What a decoder or a reader says of a stream. */
export function stateOf({
  usage,
  opened,
  contentFrames,
  finished,
  closed,
  errorData,
}: Pick<AnswerStreamDecoder, 'usage' | 'opened' | 'contentFrames' | 'finished' | 'closed' | 'errorData'>) {
  return { usage, opened, contentFrames, finished, closed, errorData };
}
