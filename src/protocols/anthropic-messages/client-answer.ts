/** Writes whole answers as Anthropic messages. */
import type { AnswerPart, CanonicalAnswer, ReasoningPart, TextPart } from '../canonical.js';
import type { AnswerContext, JsonObject } from '../dialect.js';
import { sealText } from '../reasoning-seal.js';
import { writeCitation } from './citations.js';
import { stopReasonOf } from './finish.js';
import { inputObject } from './tool-input.js';
import { writeUsage } from './usage.js';

export function writeAnswer(answer: CanonicalAnswer, context: AnswerContext): JsonObject {
  const held = {
    refusal: answer.parts.some((part) => part.type === 'refusal'),
    call: answer.parts.some((part) => part.type === 'tool_call'),
  };
  return {
    id: answer.id ?? context.answerId,
    type: 'message',
    role: 'assistant',
    model: context.model,
    content: withoutLastSeals(answer.parts.flatMap(blockOf)),
    stop_reason: stopReasonOf(answer.finish, held),
    stop_sequence: answer.finish.stopSequence,
    usage: writeUsage(answer.usage),
  };
}

/** Clients take the last block for the answer, and a seal that nothing follows has nothing to be kept for. */
function withoutLastSeals(blocks: readonly JsonObject[]): readonly JsonObject[] {
  const last = blocks.findLastIndex(({ type }) => type !== 'redacted_thinking');
  return last < 0 ? blocks : blocks.slice(0, last + 1);
}

// An empty text would be refused when the client sends it back: it makes no block.
function blockOf(part: AnswerPart): readonly JsonObject[] {
  switch (part.type) {
    case 'text':
      return part.text === '' ? [] : [textBlock(part)];
    case 'refusal':
      return part.text === '' ? [] : [{ type: 'text', text: part.text }];
    case 'reasoning':
      return thinkingBlock(part);
    case 'tool_call':
      return [{ type: 'tool_use', id: part.id, name: part.name, input: inputObject(part.input) }];
  }
}

function textBlock({ text, citations = [] }: TextPart): JsonObject {
  return { type: 'text', text, ...(citations.length > 0 && { citations: citations.map(writeCitation) }) };
}

function thinkingBlock({ text, origin }: ReasoningPart): readonly JsonObject[] {
  const seal = sealText(origin);
  if (text !== '') return [{ type: 'thinking', thinking: text, signature: seal }];
  return seal === '' ? [] : [{ type: 'redacted_thinking', data: seal }];
}
