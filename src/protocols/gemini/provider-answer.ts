/** Reads a whole answer of Gemini's. */
import type { AnswerPart, CanonicalAnswer, FinishReason } from '../canonical.js';
import type { JsonObject } from '../dialect.js';
import type { Target } from '../target.js';
import { callIdOf, readObject, type Piece, type Reading } from './answer-parts.js';
import { NO_USAGE, statedUsage, withStated } from './usage.js';

export function readAnswer(body: JsonObject, target: Target): CanonicalAnswer {
  const reading = readObject(body);
  const parts = partsOf(reading, target);
  return {
    id: reading.id,
    parts,
    finish: {
      reason: finishReasonOf(
        reading.finish,
        parts.some(({ type }) => type === 'tool_call'),
      ),
      stopSequence: null,
    },
    usage: statedUsage(withStated(NO_USAGE, reading.usageMetadata)),
  };
}

/** Gemini has no word for an answer that ends in calls. */
export function finishReasonOf(finish: FinishReason | null, called: boolean): FinishReason {
  return finish === null || finish === 'stop' ? (called ? 'tool_calls' : 'stop') : finish;
}

function partsOf({ id, pieces, citations }: Reading, target: Target): readonly AnswerPart[] {
  const parts: AnswerPart[] = [];
  let calls = 0;
  for (const piece of joined(pieces)) {
    if (piece.type === 'text') {
      parts.push({ type: 'text', text: piece.text });
      continue;
    }
    const origin = { model: target.model, protocol: 'GEMINI', signature: piece.signature } as const;
    if (piece.type === 'thought') {
      parts.push({ type: 'reasoning', text: piece.text, origin });
      continue;
    }
    const { name, input } = piece;
    const callId = piece.id ?? callIdOf(id, calls, piece);
    parts.push({ type: 'tool_call', id: callId, name, input, ...(piece.signature !== null && { origin }) });
    calls++;
  }
  return citations.length === 0 ? parts : withCitations(parts, citations);
}

/** Neighbours of one kind as one; a seal ends a thought. */
function joined(pieces: readonly Piece[]): readonly Piece[] {
  const whole: Piece[] = [];
  for (const piece of pieces) {
    const last = whole.at(-1);
    const text = last && last.type !== 'call' && piece.type !== 'call' ? last.text + piece.text : null;
    if (text !== null && last?.type === 'text' && piece.type === 'text') {
      whole[whole.length - 1] = { ...piece, text };
    } else if (
      text !== null &&
      last?.type === 'thought' &&
      last.signature === null &&
      piece.type === 'thought'
    ) {
      whole[whole.length - 1] = { ...piece, text };
    } else {
      whole.push(piece);
    }
  }
  return whole;
}

/** They refer to the answer's text as a whole; the last piece of it carries them. */
function withCitations(parts: readonly AnswerPart[], citations: Reading['citations']): readonly AnswerPart[] {
  const last = parts.findLastIndex(({ type }) => type === 'text');
  return parts.map((part, at) => (at === last && part.type === 'text' ? { ...part, citations } : part));
}
