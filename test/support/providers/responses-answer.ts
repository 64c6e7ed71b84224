/** Answers in the format of OpenAI's Responses. */
import type { TokenCounts } from '../../../src/domain/tokens.js';
import { argumentPieces, scriptAnswer, type ScriptedAnswer, type ScriptedTool } from './script.js';
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
  const items = itemsOf(answer, answerId, call.body);
  const status = answer.cut ? 'incomplete' : 'completed';
  const done = response(
    answer,
    answerId,
    status,
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
  events.push({ type: `response.${status}`, response: done });
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
    incomplete_details: status === 'incomplete' ? { reason: 'max_output_tokens' } : null,
    model: answer.model,
    output,
    usage,
  };
}

function itemsOf(answer: ScriptedAnswer, id: string, body: SimulatedCall['body']): Item[] {
  const items: Item[] = [];
  if (answer.reasoning !== null) items.push(reasoningItem(answer, `rs_${id}`, asksForSealed(body)));
  if (answer.refusal !== null) items.push(refusalItem(answer.refusal, `item_${id}`));
  if (answer.pieces.length > 0) items.push(textItem(answer.pieces, `item_${id}`));
  for (const [index, tool] of answer.tools.entries()) {
    const own = index === 0 ? id : `${id}_${index}`;
    items.push(takesFreeText(body, tool.name) ? customCallItem(tool, own) : callItem(tool, own));
  }
  return items;
}

/** What a model seals its thoughts with. */
export function encryptedBy(model: string): string {
  return Buffer.from(`encrypted by ${model}`).toString('base64');
}

function asksForSealed({ include }: SimulatedCall['body']): boolean {
  return Array.isArray(include) && include.includes('reasoning.encrypted_content');
}

function takesFreeText({ tools }: SimulatedCall['body'], name: string): boolean {
  if (!Array.isArray(tools)) return false;
  return tools.some(
    (tool: { type?: unknown; name?: unknown }) => tool.type === 'custom' && tool.name === name,
  );
}

/** A thought is shown as a summary; its sealed form comes with the finished item, to those who ask for it. */
function reasoningItem(answer: ScriptedAnswer, id: string, sealed: boolean): Item {
  const text = answer.reasoning ?? '';
  const item = { id, type: 'reasoning' };
  const part = { type: 'summary_text', text };
  return {
    id,
    whole: { ...item, summary: [part], ...(sealed && { encrypted_content: encryptedBy(answer.model) }) },
    start: { ...item, summary: [], ...(sealed && { encrypted_content: '' }) },
    events: [
      { type: 'response.reasoning_summary_part.added', summary_index: 0, part: { ...part, text: '' } },
      { type: 'response.reasoning_summary_text.delta', summary_index: 0, delta: text },
      { type: 'response.reasoning_summary_text.done', summary_index: 0, text },
      { type: 'response.reasoning_summary_part.done', summary_index: 0, part },
    ],
  };
}

function textItem(pieces: readonly string[], id: string): Item {
  const text = pieces.join('');
  const part = { type: 'output_text', text, annotations: [] };
  return messageItem(id, part, { ...part, text: '' }, [
    ...pieces.map((delta) => ({ type: 'response.output_text.delta', content_index: 0, delta })),
    { type: 'response.output_text.done', content_index: 0, text },
  ]);
}

function refusalItem(refusal: string, id: string): Item {
  const part = { type: 'refusal', refusal };
  return messageItem(id, part, { ...part, refusal: '' }, [
    { type: 'response.refusal.delta', content_index: 0, delta: refusal },
    { type: 'response.refusal.done', content_index: 0, refusal },
  ]);
}

function messageItem(id: string, part: unknown, begun: unknown, events: Item['events']): Item {
  const item = { id, type: 'message', role: 'assistant' };
  return {
    id,
    whole: { ...item, status: 'completed', content: [part] },
    start: { ...item, status: 'in_progress', content: [] },
    events: [
      { type: 'response.content_part.added', content_index: 0, part: begun },
      ...events,
      { type: 'response.content_part.done', content_index: 0, part },
    ],
  };
}

function callItem(tool: ScriptedTool, id: string): Item {
  const item = { id: `fc_${id}`, type: 'function_call', call_id: `call_fc_${id}`, name: tool.name };
  const given = tool.argumentsJson || '{}';
  return {
    id: item.id,
    whole: { ...item, status: 'completed', arguments: given },
    start: { ...item, status: 'in_progress', arguments: '' },
    events: [
      ...argumentPieces({ ...tool, argumentsJson: given }).map((delta) => ({
        type: 'response.function_call_arguments.delta',
        delta,
      })),
      { type: 'response.function_call_arguments.done', arguments: given },
    ],
  };
}

/** A call of a tool that takes free text: the script's `input`. */
function customCallItem(tool: ScriptedTool, id: string): Item {
  const item = { id: `ctc_${id}`, type: 'custom_tool_call', call_id: `call_ctc_${id}`, name: tool.name };
  const { input } = JSON.parse(tool.argumentsJson || '{"input":""}') as { input: string };
  return {
    id: item.id,
    whole: { ...item, status: 'completed', input },
    start: { ...item, status: 'in_progress', input: '' },
    events: [
      ...argumentPieces({ ...tool, argumentsJson: input }).map((delta) => ({
        type: 'response.custom_tool_call_input.delta',
        delta,
      })),
      { type: 'response.custom_tool_call_input.done', input },
    ],
  };
}
