/** A whole answer of anybody who speaks chat. What makes no sense is passed over. */
import type { AnswerPart, CanonicalAnswer, Citation, ReasoningOrigin, ToolCallPart } from '../canonical.js';
import type { JsonObject } from '../dialect.js';
import { isObject, jsonText, listOf, objectOf, text } from '../fields.js';
import type { Target } from '../target.js';
import { finishOf } from './finish.js';
import { readReasoningTexts, sealTextOf, thoughtOfPart } from './reasoning-text.js';
import { usageOfFrame } from './usage.js';

export function readAnswer(body: JsonObject, target: Target): CanonicalAnswer {
  const id = text(body['id']) || null;
  const choice = firstChoice(body);
  const message = objectOf(choice['message']);
  const { thought, said } = readSaid(message);
  const refusal = text(message['refusal']) ?? '';
  const citations = readCitations(message['annotations']);
  const cited = citations.length > 0 ? { citations } : {};
  const parts: AnswerPart[] = [];
  if (thought !== '') parts.push({ type: 'reasoning', text: thought, origin: unsealed(target) });
  if (said !== '') parts.push({ type: 'text', text: said, ...cited });
  if (refusal !== '') parts.push({ type: 'refusal', text: refusal });
  parts.push(...readCalls(message, id, target));
  const types = new Set(parts.map((part) => part.type));
  return { id, parts, finish: finishOf(text(choice['finish_reason']), types), usage: usageOfFrame(body) };
}

/** The answer itself, where a provider was asked for one. */
export function firstChoice(body: JsonObject): JsonObject {
  return objectOf(listOf(body['choices'])[0]);
}

/** Thought and text of a message or a delta; Mistral states both in `content`. */
export function readSaid(message: JsonObject): { readonly thought: string; readonly said: string } {
  const content = message['content'];
  let thought = readReasoningTexts(message);
  if (typeof content === 'string') return { thought, said: content };
  let said = '';
  for (const part of listOf(content)) {
    if (!isObject(part)) continue;
    const piece = thoughtOfPart(part);
    if (piece !== null) thought += piece;
    else said += text(part['text']) ?? '';
  }
  return { thought, said };
}

/** What the text refers to. */
export function readCitations(annotations: unknown): readonly Citation[] {
  return listOf(annotations).flatMap((annotation) => {
    const cited = objectOf(annotation)['url_citation'];
    if (!isObject(cited)) return [];
    return [{ title: text(cited['title']), url: text(cited['url']), quote: text(cited['content']) }];
  });
}

/** Where a thought of this target comes from: chat has no seal on it. */
export function unsealed(target: Target): ReasoningOrigin {
  return { model: target.model, protocol: 'OPENAI_CHAT', signature: null };
}

/** The seal on a call, as Google puts it there; nothing when there is none. */
export function sealOf(call: JsonObject, target: Target): ReasoningOrigin | null {
  const signature = sealTextOf(call);
  return signature === null ? null : { ...unsealed(target), signature };
}

/** What a provider calls with, in either spelling. */
export function calledOf(call: JsonObject): { readonly name: string; readonly input: string } {
  const custom = call['custom'];
  if (isObject(custom)) return { name: text(custom['name']) ?? '', input: text(custom['input']) ?? '' };
  const called = objectOf(call['function']);
  return { name: text(called['name']) ?? '', input: argumentsOf(called['arguments']) };
}

/** An id for a call whose provider gave none; the same each time the same answer is read. */
export function idOfCall(answerId: string | null, index: number): string {
  return `call_${(answerId ?? '').replace(/[^a-zA-Z0-9]/g, '').slice(-24)}_${index}`;
}

/** Arguments are JSON text; some write the object itself. */
export function argumentsOf(value: unknown): string {
  if (typeof value === 'string') return value;
  return isObject(value) ? jsonText(value) : '';
}

function readCalls(message: JsonObject, answerId: string | null, target: Target): readonly ToolCallPart[] {
  const legacy = message['function_call'];
  const stated = listOf(message['tool_calls']).filter(isObject);
  const calls = stated.length === 0 && isObject(legacy) ? [{ function: legacy }] : stated;
  return calls.flatMap((call: JsonObject, index) => {
    const { name, input } = calledOf(call);
    if (name === '') return [];
    const origin = sealOf(call, target);
    const id = text(call['id']) || idOfCall(answerId, index);
    return [{ type: 'tool_call' as const, id, name, input, ...(origin !== null && { origin }) }];
  });
}
