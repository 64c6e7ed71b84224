/** Answers in the format of chat completions, with the provider's own way of stating usage. */
import type { TokenCounts } from '../../../src/domain/tokens.js';
import { argumentPieces, scriptAnswer, type ScriptedAnswer, type ScriptedTool } from './script.js';
import type { Reply, SimulatedCall } from './simulation.js';

/** How a provider states usage in chat completions. */
export interface ChatUsageStyle {
  /** On the chunk that ends the text, inside that chunk's choice, or on a chunk of its own without choices. */
  readonly place: 'finish-chunk' | 'finish-choice' | 'own-chunk';
  /** Whether a stream states usage without `stream_options.include_usage`. */
  readonly unasked: boolean;
  /** Whether all other chunks carry `"usage": null`. */
  readonly nulls?: boolean;
  /** Where cached input is stated; not at all when left out. */
  readonly cached?: 'details' | 'top-level' | 'hit-and-miss';
  /** Whether reasoning is stated apart. */
  readonly reasoning?: boolean;
  /** Whether the completion count leaves reasoning out, so that only the total has it. */
  readonly reasoningOnTop?: boolean;
  /** Further fields of the chunk or answer that carries the usage. */
  readonly beside?: (tokens: TokenCounts) => Readonly<Record<string, unknown>>;
  /** A frame behind the end mark. */
  readonly afterword?: (tokens: TokenCounts) => Readonly<Record<string, unknown>>;
}

const CREATED = 1_790_000_000;

/** Serves a chat completion, streamed or not, as the request asks. */
export function chatAnswer(call: SimulatedCall, provider: string, style: ChatUsageStyle): Reply {
  const answer = scriptAnswer(call);
  const answerId = `chatcmpl-${provider}-${call.serial}`;
  const streamed = call.body['stream'] === true;
  const states = !streamed || style.unasked || asksForUsage(call.body);
  const stated = states ? statable(answer.tokens, style) : null;
  if (!streamed)
    return { kind: 'json', status: 200, body: wholeAnswer(answer, answerId, style), answerId, stated };
  const frames = chunksOf(answer, answerId, style, states).map(
    (chunk) => `data: ${JSON.stringify(chunk)}\n\n`,
  );
  frames.push('data: [DONE]\n\n');
  if (style.afterword) frames.push(`data: ${JSON.stringify(style.afterword(answer.tokens))}\n\n`);
  return { kind: 'stream', frames, everyMs: answer.everyMs, answerId, stated };
}

function asksForUsage(body: Readonly<Record<string, unknown>>): boolean {
  const options = body['stream_options'];
  return (
    typeof options === 'object' &&
    options !== null &&
    'include_usage' in options &&
    options.include_usage === true
  );
}

/** The tokens as far as this format can tell them apart. */
function statable(tokens: TokenCounts, style: ChatUsageStyle): TokenCounts {
  const cacheRead = style.cached ? tokens.cacheRead : 0;
  return {
    input: tokens.input + tokens.cacheWrite + tokens.cacheRead - cacheRead,
    cacheRead,
    cacheWrite: 0,
    output: tokens.output,
    reasoning: style.reasoning ? tokens.reasoning : null,
  };
}

function usageOf(tokens: TokenCounts, style: ChatUsageStyle): Record<string, unknown> {
  const prompt = tokens.input + tokens.cacheRead + tokens.cacheWrite;
  return {
    prompt_tokens: prompt,
    completion_tokens: tokens.output - (style.reasoningOnTop ? (tokens.reasoning ?? 0) : 0),
    total_tokens: prompt + tokens.output,
    ...(style.cached === 'top-level' && { cached_tokens: tokens.cacheRead }),
    ...((style.cached === 'details' || style.cached === 'hit-and-miss') && {
      prompt_tokens_details: { cached_tokens: tokens.cacheRead },
    }),
    ...(style.reasoning &&
      tokens.reasoning !== null && {
        completion_tokens_details: { reasoning_tokens: tokens.reasoning },
      }),
    ...(style.cached === 'hit-and-miss' && {
      prompt_cache_hit_tokens: tokens.cacheRead,
      prompt_cache_miss_tokens: prompt - tokens.cacheRead,
    }),
  };
}

function wholeAnswer(answer: ScriptedAnswer, id: string, style: ChatUsageStyle): Record<string, unknown> {
  const message = {
    role: 'assistant',
    content: answer.pieces.length === 0 ? null : answer.pieces.join(''),
    ...(answer.refusal !== null && { refusal: answer.refusal }),
    ...(answer.reasoning !== null && { reasoning_content: answer.reasoning }),
    ...(answer.tools.length > 0 && {
      tool_calls: answer.tools.map((tool, index) => toolCall(tool, tool.argumentsJson || '{}', id, index)),
    }),
  };
  return {
    id,
    object: 'chat.completion',
    created: CREATED,
    model: answer.model,
    choices: [{ index: 0, message, finish_reason: finishReason(answer) }],
    usage: usageOf(answer.tokens, style),
    ...style.beside?.(answer.tokens),
  };
}

function chunksOf(answer: ScriptedAnswer, id: string, style: ChatUsageStyle, states: boolean): unknown[] {
  const usage = states ? usageOf(answer.tokens, style) : undefined;
  const head = { id, object: 'chat.completion.chunk', created: CREATED, model: answer.model };
  const empty = style.nulls ? { usage: null } : {};
  const chunk = (delta: unknown): unknown => ({
    ...head,
    choices: [{ index: 0, delta, finish_reason: null }],
    ...empty,
  });

  const chunks: unknown[] = [chunk({ role: 'assistant', content: '' })];
  if (answer.reasoning !== null) chunks.push(chunk({ reasoning_content: answer.reasoning }));
  for (const piece of answer.pieces) chunks.push(chunk({ content: piece }));
  if (answer.refusal !== null) chunks.push(chunk({ refusal: answer.refusal }));
  for (const part of answer.tools.flatMap((tool, index) => toolDeltas(tool, id, index)))
    chunks.push(chunk({ tool_calls: [part] }));

  const beside = usage && style.beside?.(answer.tokens);
  const finish = { index: 0, delta: {}, finish_reason: finishReason(answer) };
  if (style.place === 'finish-choice') {
    chunks.push({ ...head, choices: [{ ...finish, ...(usage && { usage }) }] });
  } else if (style.place === 'finish-chunk') {
    chunks.push({ ...head, choices: [finish], ...(usage ? { usage, ...beside } : empty) });
  } else {
    chunks.push({ ...head, choices: [finish], ...empty });
    if (usage) chunks.push({ ...head, choices: [], usage, ...beside });
  }
  return chunks;
}

function toolCall({ name }: ScriptedTool, given: string, id: string, index: number): Record<string, unknown> {
  const callId = index === 0 ? `call_${id}` : `call_${id}_${index}`;
  return { id: callId, type: 'function', function: { name, arguments: given } };
}

/** The name first, then the arguments in pieces, as models stream them; some send none at all when there are none. */
function toolDeltas(tool: ScriptedTool, id: string, index: number): unknown[] {
  return [
    { index, ...toolCall(tool, '', id, index) },
    ...argumentPieces(tool).map((piece) => ({ index, function: { arguments: piece } })),
  ];
}

function finishReason(answer: ScriptedAnswer): string {
  if (answer.cut) return 'length';
  return answer.tools.length > 0 ? 'tool_calls' : 'stop';
}
