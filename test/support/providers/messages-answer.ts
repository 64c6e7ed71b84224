/** Answers in the format of Anthropic's Messages. */
import type { TokenCounts } from '../../../src/domain/tokens.js';
import { argumentPieces, scriptAnswer, type ScriptedAnswer, type ScriptedTool } from './script.js';
import type { Reply, SimulatedCall } from './simulation.js';

/** Serves a message, streamed or not, as the request asks. A frame may follow the last one. */
export function messagesAnswer(
  call: SimulatedCall,
  provider: string,
  afterword?: (tokens: TokenCounts) => Readonly<Record<string, unknown>> & { readonly type: string },
): Reply {
  const answer = scriptAnswer(call);
  const answerId = `msg_${provider}_${call.serial}`;
  // The format has no count of reasoning.
  const stated = { ...answer.tokens, reasoning: null };
  if (call.body['stream'] !== true) {
    return { kind: 'json', status: 200, body: wholeMessage(answer, answerId), answerId, stated };
  }
  const events = [...eventsOf(answer, answerId), ...(afterword ? [afterword(answer.tokens)] : [])];
  const frames = events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
  return { kind: 'stream', frames, everyMs: answer.everyMs, answerId, stated };
}

type MessageEvent = Readonly<Record<string, unknown>> & { readonly type: string };

function usageOf(tokens: TokenCounts, output: number): Record<string, number> {
  return {
    input_tokens: tokens.input,
    cache_creation_input_tokens: tokens.cacheWrite,
    cache_read_input_tokens: tokens.cacheRead,
    output_tokens: output,
  };
}

function wholeMessage(answer: ScriptedAnswer, id: string): Record<string, unknown> {
  return {
    id,
    type: 'message',
    role: 'assistant',
    model: answer.model,
    content: blocksOf(answer, id).map(({ whole }) => whole),
    stop_reason: stopReason(answer),
    stop_sequence: null,
    usage: usageOf(answer.tokens, answer.tokens.output),
  };
}

function eventsOf(answer: ScriptedAnswer, id: string): MessageEvent[] {
  const message = {
    id,
    type: 'message',
    role: 'assistant',
    model: answer.model,
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage: usageOf(answer.tokens, 1),
  };
  const events: MessageEvent[] = [{ type: 'message_start', message }, { type: 'ping' }];
  for (const [index, block] of blocksOf(answer, id).entries()) {
    events.push({ type: 'content_block_start', index, content_block: block.start });
    for (const delta of block.deltas) events.push({ type: 'content_block_delta', index, delta });
    events.push({ type: 'content_block_stop', index });
  }
  events.push({
    type: 'message_delta',
    delta: { stop_reason: stopReason(answer), stop_sequence: null },
    usage: usageOf(answer.tokens, answer.tokens.output),
  });
  events.push({ type: 'message_stop' });
  return events;
}

interface Block {
  readonly whole: unknown;
  readonly start: unknown;
  readonly deltas: readonly unknown[];
}

function blocksOf(answer: ScriptedAnswer, id: string): Block[] {
  const blocks = answer.tools.map((tool, index) => toolBlock(tool, index === 0 ? id : `${id}_${index}`));
  const text = answer.refusal === null ? answer.pieces : [answer.refusal];
  if (text.length > 0) blocks.unshift(textBlock(text));
  if (answer.reasoning !== null) blocks.unshift(thinkingBlock(answer.reasoning, answer.model));
  return blocks;
}

/** What a model seals its thoughts with. */
export function signatureOf(model: string): string {
  return Buffer.from(`signed by ${model}`).toString('base64');
}

function thinkingBlock(thinking: string, model: string): Block {
  const signature = signatureOf(model);
  return {
    whole: { type: 'thinking', thinking, signature },
    start: { type: 'thinking', thinking: '', signature: '' },
    deltas: [
      { type: 'thinking_delta', thinking },
      { type: 'signature_delta', signature },
    ],
  };
}

function textBlock(pieces: readonly string[]): Block {
  return {
    whole: { type: 'text', text: pieces.join('') },
    start: { type: 'text', text: '' },
    deltas: pieces.map((text) => ({ type: 'text_delta', text })),
  };
}

function toolBlock(tool: ScriptedTool, id: string): Block {
  const block = { type: 'tool_use', id: `toolu_${id}`, name: tool.name };
  return {
    whole: { ...block, input: JSON.parse(tool.argumentsJson || '{}') as unknown },
    start: { ...block, input: {} },
    // A call without arguments still has one delta, an empty one.
    deltas: ['', ...argumentPieces(tool)].map((partial_json) => ({ type: 'input_json_delta', partial_json })),
  };
}

function stopReason(answer: ScriptedAnswer): string {
  if (answer.refusal !== null) return 'refusal';
  if (answer.cut) return 'max_tokens';
  return answer.tools.length > 0 ? 'tool_use' : 'end_turn';
}
