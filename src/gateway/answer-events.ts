/** Answers as steps: which of them show that there is one, and those of an answer that came whole. */
import type {
  AnswerPart,
  CanonicalAnswer,
  CanonicalEvent,
  FinishReason,
  PartOpening,
} from '../protocols/canonical.js';

/** Whether an answer without content may end for this reason. One that stopped by itself, or to call nothing, is none. */
export function explainsItself(reason: FinishReason): boolean {
  return reason !== 'stop' && reason !== 'tool_calls';
}

/** Whether an event makes an answer of what is otherwise without content. */
export function makesAnswer(event: CanonicalEvent): boolean {
  if (event.type === 'open') return event.opening.type === 'tool_call';
  return event.type === 'finish' && explainsItself(event.finish.reason);
}

/** The steps in which a whole answer would have been streamed. */
export function eventsOf(answer: CanonicalAnswer): CanonicalEvent[] {
  return [
    { type: 'start', id: answer.id },
    ...answer.parts.flatMap(eventsOfPart),
    { type: 'usage', usage: answer.usage },
    { type: 'finish', finish: answer.finish },
  ];
}

function eventsOfPart(part: AnswerPart, index: number): CanonicalEvent[] {
  const text = part.type === 'tool_call' ? part.input : part.text;
  const origin = part.type === 'tool_call' || part.type === 'reasoning' ? part.origin : undefined;
  const citations = part.type === 'text' ? (part.citations ?? []) : [];
  return [
    { type: 'open', part: index, opening: openingOf(part) },
    ...(text === '' ? [] : [{ type: 'delta', part: index, text } as const]),
    ...citations.map((citation) => ({ type: 'citation', part: index, citation }) as const),
    ...(origin ? [{ type: 'origin', part: index, origin } as const] : []),
    { type: 'close', part: index },
  ];
}

function openingOf(part: AnswerPart): PartOpening {
  return part.type === 'tool_call' ? { type: part.type, id: part.id, name: part.name } : { type: part.type };
}
