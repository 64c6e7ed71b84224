/**
 * Decides what a simulated model answers. Everything follows from the request, so that tests know the numbers beforehand;
 * the last user message may order them:
 *
 * - `[tokens in=12 out=34 cached=5 written=3 reasoning=7]` in disjoint classes: `in` is fresh input, `out` includes reasoning
 * - `[tool name {"a":1}]` calls a tool
 * - `[frames 20 every 5ms]` is the number and pace of a stream's text frames
 * - `[say words]` is the text; otherwise the message is echoed
 * - `[fail name]` is one of the provider's recorded refusals
 */
import type { TokenCounts } from '../../../src/domain/tokens.js';
import type { SimulatedCall } from './simulation.js';

/** What a simulated model answers, in no wire format yet. */
export interface ScriptedAnswer {
  readonly model: string;
  /** The text in the pieces it is streamed in. */
  readonly pieces: readonly string[];
  /** Thoughts before the text; null for none. */
  readonly reasoning: string | null;
  readonly tool: { readonly name: string; readonly argumentsJson: string } | null;
  readonly tokens: TokenCounts;
  readonly everyMs: number;
}

const HUGE_PIECE_BYTES = 16 * 1024;

/** The answer to a request of any wire format. */
export function scriptAnswer({ body, textBytes }: Pick<SimulatedCall, 'body' | 'textBytes'>): ScriptedAnswer {
  const asked = lastUserText(body);
  const frames = /\[frames (\d+)(?: every (\d+)ms)?\]/.exec(asked);
  const text = /\[say ([^\]]*)\]/.exec(asked)?.[1] ?? `You said: ${asked.replace(/\[[^\]]*\]/g, '').trim()}`;
  const pieces = piecesOf(text, frames ? Number(frames[1]) : null, textBytes);
  const tool = /\[tool (\w+) (\{.*\})\]/s.exec(asked);
  const tokens = orderedTokens(asked) ?? {
    input: Math.max(1, Math.ceil(JSON.stringify(body['messages'] ?? body['input'] ?? '').length / 4)),
    cacheRead: 0,
    cacheWrite: 0,
    output: pieces.length,
    reasoning: null,
  };
  return {
    model: typeof body['model'] === 'string' ? body['model'] : '',
    pieces: tool ? [] : pieces,
    reasoning: tokens.reasoning === null ? null : 'Let me think. ',
    tool: tool?.[1] && tool[2] ? { name: tool[1], argumentsJson: tool[2] } : null,
    tokens,
    everyMs: Number(frames?.[2] ?? 0),
  };
}

/** Name of the refusal that the last user message orders; null when it orders none. */
export function orderedFailure(body: Readonly<Record<string, unknown>>): string | null {
  return /\[fail ([\w-]+)\]/.exec(lastUserText(body))?.[1] ?? null;
}

/** The text of the last message by the user, in any of the wire formats. */
export function lastUserText(body: Readonly<Record<string, unknown>>): string {
  const turns = body['messages'] ?? body['input'];
  if (typeof turns === 'string') return turns;
  if (!Array.isArray(turns)) return '';
  const last: unknown = turns.findLast((turn) => fieldsOf(turn)['role'] === 'user');
  const { content } = fieldsOf(last);
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';
  return content
    .map((part) => fieldsOf(part)['text'])
    .filter((text) => typeof text === 'string')
    .join('\n');
}

function orderedTokens(asked: string): TokenCounts | null {
  const order = /\[tokens ([^\]]*)\]/.exec(asked)?.[1];
  if (order === undefined) return null;
  const count = (name: string): number | null => {
    const digits = new RegExp(`\\b${name}=(\\d+)`).exec(order)?.[1];
    return digits === undefined ? null : Number(digits);
  };
  return {
    input: count('in') ?? 0,
    cacheRead: count('cached') ?? 0,
    cacheWrite: count('written') ?? 0,
    output: count('out') ?? 0,
    reasoning: count('reasoning'),
  };
}

function piecesOf(text: string, frames: number | null, textBytes: number | null): string[] {
  if (textBytes !== null) {
    const count = Math.ceil(textBytes / HUGE_PIECE_BYTES);
    return Array.from({ length: count }, (_, i) =>
      'x'.repeat(Math.min(HUGE_PIECE_BYTES, textBytes - i * HUGE_PIECE_BYTES)),
    );
  }
  if (frames !== null) return Array.from({ length: frames }, (_, i) => `word-${i + 1} `);
  return text.match(/\S+\s*/g) ?? [text];
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
