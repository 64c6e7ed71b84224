/**
 * Decides what a simulated model answers. Everything follows from the request, so that tests know the numbers beforehand.
 * The last user message may order them, or, on a turn that brings tool results, those:
 *
 * - `[tokens in=12 out=34 cached=5 written=3 reasoning=7]` in disjoint classes: `in` is fresh input, `out` includes reasoning
 * - `[tool name {"a":1}]` calls a tool, `[tools one {"a":1} two]` several in one turn; without an object one is called
 *   without arguments, and `[tool name 100KB]` gives it that much of them
 * - `[frames 20 every 5ms]` is the number and pace of a stream's text frames
 * - `[say words]` or `[say {"a":[1]}]` is the text; otherwise the message is echoed. Before tool calls there is text only
 *   when it is ordered. A tool that the request forces is called with the ordered object
 * - `[describe]` makes the text name the pictures, files and sounds that arrived
 * - `[think words]` are the thoughts before the text, sealed where the format seals them
 * - `[refuse words]` declines with these words
 * - `[length]` stops for want of room
 * - `[fail name]` is one of the provider's recorded refusals
 */
import type { TokenCounts } from '../../../src/domain/tokens.js';
import { forcedTool, lastAsked, mediaOf } from './request-reading.js';
import type { SimulatedCall } from './simulation.js';

/** A tool call; what it is given is JSON text, empty for a call without arguments. */
export interface ScriptedTool {
  readonly name: string;
  readonly argumentsJson: string;
}

/** What a simulated model answers, in no wire format yet. */
export interface ScriptedAnswer {
  readonly model: string;
  /** The text in the pieces it is streamed in. */
  readonly pieces: readonly string[];
  /** Thoughts before the text; null for none. */
  readonly reasoning: string | null;
  /** In the order called, all in one turn. */
  readonly tools: readonly ScriptedTool[];
  /** The words it declines with, which then stand in place of text; null when it does not. */
  readonly refusal: string | null;
  /** Whether it ran out of room. */
  readonly cut: boolean;
  readonly tokens: TokenCounts;
  readonly everyMs: number;
}

const HUGE_PIECE_BYTES = 16 * 1024;
const ARGUMENTS_PIECE = 4 * 1024;

/** The answer to a request of any wire format. */
export function scriptAnswer({ body, textBytes }: Pick<SimulatedCall, 'body' | 'textBytes'>): ScriptedAnswer {
  const asked = lastAsked(body);
  const frames = /\[frames (\d+)(?: every (\d+)ms)?\]/.exec(asked);
  const said = orderedText(asked);
  const refusal = /\[refuse ([^\]]*)\]/.exec(asked)?.[1] ?? null;
  const tools = orderedTools(asked, body, said);
  const text = asked.includes('[describe]')
    ? mediaOf(body).join('; ') || 'nothing to look at'
    : (said ?? `You said: ${asked.replace(/\[[^\]]*\]/g, '').trim()}`);
  const pieces = piecesOf(text, frames ? Number(frames[1]) : null, textBytes);
  const tokens = orderedTokens(asked) ?? {
    input: Math.max(
      1,
      Math.ceil(JSON.stringify(body['messages'] ?? body['input'] ?? body['contents'] ?? '').length / 4),
    ),
    cacheRead: 0,
    cacheWrite: 0,
    output: pieces.length,
    reasoning: null,
  };
  const silent = refusal !== null || (tools.length > 0 && (said === null || forcedTool(body) !== null));
  return {
    model: typeof body['model'] === 'string' ? body['model'] : '',
    pieces: silent ? [] : pieces,
    reasoning: /\[think ([^\]]*)\]/.exec(asked)?.[1] ?? (tokens.reasoning === null ? null : 'Let me think. '),
    tools: refusal === null ? tools : [],
    refusal,
    cut: asked.includes('[length]'),
    tokens,
    everyMs: Number(frames?.[2] ?? 0),
  };
}

/** Name of the refusal that the last user message orders; null when it orders none. */
export function orderedFailure(body: Readonly<Record<string, unknown>>): string | null {
  return /\[fail ([\w-]+)\]/.exec(lastAsked(body))?.[1] ?? null;
}

/** Arguments in the pieces they are streamed in: two halves, as short ones come, and none when there are none. */
export function argumentPieces({ argumentsJson }: ScriptedTool): string[] {
  const size = Math.min(ARGUMENTS_PIECE, Math.max(1, Math.ceil(argumentsJson.length / 2)));
  return Array.from({ length: Math.ceil(argumentsJson.length / size) }, (_, i) =>
    argumentsJson.slice(i * size, (i + 1) * size),
  );
}

function orderedTools(
  asked: string,
  body: Readonly<Record<string, unknown>>,
  said: string | null,
): readonly ScriptedTool[] {
  const order = /\[tools? /.exec(asked);
  if (order !== null) return toolsFrom(asked, order.index + order[0].length);
  const forced = forcedTool(body);
  return forced === null ? [] : [{ name: forced, argumentsJson: said?.startsWith('{') ? said : '' }];
}

function toolsFrom(asked: string, from: number): ScriptedTool[] {
  const tools: ScriptedTool[] = [];
  const name = /\s*([\w.-]+) ?/y;
  const size = /(\d+)KB/y;
  for (let at = from; asked[at] !== ']';) {
    name.lastIndex = at;
    const found = name.exec(asked);
    if (!found?.[1]) break;
    at = size.lastIndex = name.lastIndex;
    const kilobytes = size.exec(asked)?.[1];
    const end = asked[at] === '{' ? endOfObject(asked, at) : at;
    const argumentsJson =
      kilobytes === undefined
        ? asked.slice(at, end)
        : JSON.stringify({ text: 'é'.repeat(Number(kilobytes) * 512) });
    tools.push({ name: found[1], argumentsJson });
    at = kilobytes === undefined ? end : size.lastIndex;
  }
  return tools;
}

function orderedText(asked: string): string | null {
  const order = asked.indexOf('[say ');
  if (order < 0) return null;
  const start = order + '[say '.length;
  if (asked[start] === '{') return asked.slice(start, endOfObject(asked, start));
  const end = asked.indexOf(']', start);
  return end < 0 ? null : asked.slice(start, end);
}

/** End of the JSON object that starts there. */
function endOfObject(text: string, start: number): number {
  const token = /"(?:[^"\\]|\\.)*"|[{}]/gs;
  token.lastIndex = start;
  let depth = 0;
  for (let found = token.exec(text); found !== null; found = token.exec(text)) {
    if (found[0] === '{') depth++;
    if (found[0] === '}' && --depth === 0) return token.lastIndex;
  }
  return text.length;
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
