/** A whole answer as OpenAI writes it. */
import type { CanonicalAnswer, Citation, TextPart, ToolCallPart } from '../canonical.js';
import type { AnswerContext, JsonObject } from '../dialect.js';
import { freeTextTools, textOfArguments } from '../free-text.js';
import { sealText } from '../reasoning-seal.js';
import { finishWord } from './finish.js';
import { writeUsage } from './usage-out.js';

export function writeAnswer(answer: CanonicalAnswer, context: AnswerContext): JsonObject {
  const texts = answer.parts.filter((part) => part.type === 'text');
  const refusals = answer.parts.filter((part) => part.type === 'refusal');
  const thoughts = answer.parts
    .filter((part) => part.type === 'reasoning')
    .filter((part) => part.text !== '');
  const calls = answer.parts.filter((part) => part.type === 'tool_call');
  const freeText = freeTextTools(context.request.tools);
  const annotations = annotationsOf(texts);
  const message: JsonObject = {
    role: 'assistant',
    content: texts.length === 0 ? null : joined(texts),
    refusal: refusals.length === 0 ? null : joined(refusals),
    ...(thoughts.length > 0 && { reasoning_content: joined(thoughts) }),
    ...(annotations.length > 0 && { annotations }),
    ...(calls.length > 0 && { tool_calls: calls.map((call) => writeCall(call, freeText)) }),
  };
  const usage = writeUsage(answer.usage);
  return {
    id: answer.id ?? context.answerId,
    object: 'chat.completion',
    created: context.createdAt,
    model: context.model,
    choices: [
      { index: 0, message, logprobs: null, finish_reason: finishWord(answer.finish, refusals.length > 0) },
    ],
    ...(usage !== null && { usage }),
  };
}

/** A reference to a page; null for one to something that has no address. The characters it stands for are counted in `content`. */
export function annotationOf(citation: Citation, start: number, end: number): JsonObject | null {
  if (citation.url === null) return null;
  const { url, title } = citation;
  return {
    type: 'url_citation',
    url_citation: { url, title: title ?? url, start_index: start, end_index: end },
  };
}

/** The field that carries a call's seal; Google's clients know to send it back. */
export function sealField(origin: ToolCallPart['origin']): JsonObject {
  return origin === undefined ? {} : { extra_content: { google: { thought_signature: sealText(origin) } } };
}

function writeCall(call: ToolCallPart, freeText: ReadonlySet<string>): JsonObject {
  const { id, name } = call;
  const seal = sealField(call.origin);
  if (freeText.has(name)) {
    return { id, type: 'custom', custom: { name, input: textOfArguments(call.input) }, ...seal };
  }
  return { id, type: 'function', function: { name, arguments: call.input || '{}' }, ...seal };
}

function annotationsOf(texts: readonly TextPart[]): readonly JsonObject[] {
  let start = 0;
  return texts.flatMap((part) => {
    const from = start;
    start += part.text.length;
    return (part.citations ?? [])
      .map((citation) => annotationOf(citation, from, start))
      .filter((annotation) => annotation !== null);
  });
}

function joined(parts: readonly { readonly text: string }[]): string {
  return parts.map((part) => part.text).join('');
}
