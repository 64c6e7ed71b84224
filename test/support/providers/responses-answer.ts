/** Answers in the format of OpenAI's Responses. */
import type { TokenCounts } from '../../../src/domain/tokens.js';
import { scriptAnswer, type ScriptedAnswer } from './script.js';
import type { Reply, SimulatedCall } from './simulation.js';

const CREATED = 1_790_000_000;

/** Serves a response, streamed or not, as the request asks. */
export function responsesAnswer(call: SimulatedCall, provider: string): Reply {
  const answer = scriptAnswer(call);
  const answerId = `resp_${provider}_${call.serial}`;
  const { tokens } = answer;
  const stated = {
    ...tokens,
    input: tokens.input + tokens.cacheWrite,
    cacheWrite: 0,
    reasoning: tokens.reasoning ?? 0,
  };
  const items = itemsOf(answer, answerId);
  const done = response(
    answer,
    answerId,
    'completed',
    items.map(({ whole }) => whole),
    usageOf(tokens),
  );
  if (call.body['stream'] !== true) return { kind: 'json', status: 200, body: done, answerId, stated };

  const events: { type: string; [field: string]: unknown }[] = [
    { type: 'response.created', response: response(answer, answerId, 'in_progress', [], null) },
    { type: 'response.in_progress', response: response(answer, answerId, 'in_progress', [], null) },
  ];
  for (const [index, item] of items.entries()) {
    events.push({ type: 'response.output_item.added', output_index: index, item: item.start });
    for (const event of item.events) events.push({ ...event, output_index: index, item_id: item.id });
    events.push({ type: 'response.output_item.done', output_index: index, item: item.whole });
  }
  events.push({ type: 'response.completed', response: done });
  const frames = events.map(
    (event, sequence) =>
      `event: ${event.type}\ndata: ${JSON.stringify({ ...event, sequence_number: sequence })}\n\n`,
  );
  return { kind: 'stream', frames, everyMs: answer.everyMs, answerId, stated };
}

interface Item {
  readonly id: string;
  readonly whole: unknown;
  readonly start: unknown;
  readonly events: readonly { readonly type: string; readonly [field: string]: unknown }[];
}

function usageOf(tokens: TokenCounts): unknown {
  const input = tokens.input + tokens.cacheRead + tokens.cacheWrite;
  return {
    input_tokens: input,
    input_tokens_details: { cached_tokens: tokens.cacheRead },
    output_tokens: tokens.output,
    output_tokens_details: { reasoning_tokens: tokens.reasoning ?? 0 },
    total_tokens: input + tokens.output,
  };
}

function response(
  answer: ScriptedAnswer,
  id: string,
  status: string,
  output: unknown[],
  usage: unknown,
): unknown {
  return {
    id,
    object: 'response',
    created_at: CREATED,
    status,
    error: null,
    model: answer.model,
    output,
    usage,
  };
}

function itemsOf(answer: ScriptedAnswer, id: string): Item[] {
  return [answer.tool ? callItem(answer.tool, `fc_${id}`) : textItem(answer.pieces, `item_${id}`)];
}

function textItem(pieces: readonly string[], id: string): Item {
  const text = pieces.join('');
  const part = { type: 'output_text', text, annotations: [] };
  const item = { id, type: 'message', role: 'assistant' };
  return {
    id,
    whole: { ...item, status: 'completed', content: [part] },
    start: { ...item, status: 'in_progress', content: [] },
    events: [
      { type: 'response.content_part.added', content_index: 0, part: { ...part, text: '' } },
      ...pieces.map((delta) => ({ type: 'response.output_text.delta', content_index: 0, delta })),
      { type: 'response.output_text.done', content_index: 0, text },
      { type: 'response.content_part.done', content_index: 0, part },
    ],
  };
}

function callItem(tool: { name: string; argumentsJson: string }, id: string): Item {
  const item = { id, type: 'function_call', call_id: `call_${id}`, name: tool.name };
  return {
    id,
    whole: { ...item, status: 'completed', arguments: tool.argumentsJson },
    start: { ...item, status: 'in_progress', arguments: '' },
    events: [
      { type: 'response.function_call_arguments.delta', delta: tool.argumentsJson },
      { type: 'response.function_call_arguments.done', arguments: tool.argumentsJson },
    ],
  };
}
