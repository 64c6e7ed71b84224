/** Watches an answer for what a model thought before it called a tool, and has it remembered. */
import { REASONING_TURN_MAX_CHARS } from '../config/limits.js';
import type {
  AnswerPart,
  CanonicalEvent,
  PartOpening,
  ReasoningOrigin,
  ReasoningPart,
} from '../protocols/canonical.js';
import type { ProviderDialect } from '../protocols/dialect.js';
import type { Target } from '../protocols/target.js';
import type { ScopedMemory } from './reasoning-memory.js';

export interface TurnRecorder {
  /** Of a stream. */
  take(events: readonly CanonicalEvent[]): void;
  /** Of a whole answer. */
  takeParts(parts: readonly AnswerPart[]): void;
}

/** A part that is not closed yet. */
interface OpenPart {
  readonly opening: PartOpening;
  readonly pieces: string[];
  origin: ReasoningOrigin | null;
}

export function createTurnRecorder(
  memory: ScopedMemory,
  from: { readonly target: Target; readonly dialect: ProviderDialect },
): TurnRecorder {
  const unsealed: ReasoningOrigin = {
    model: from.target.model,
    protocol: from.dialect.protocol,
    signature: null,
  };
  const open = new Map<number, OpenPart>();
  /** Since the last call. */
  let thoughts: ReasoningPart[] = [];
  let chars = 0;

  const thought = (part: ReasoningPart): void => {
    thoughts.push(part);
    if (part.origin.signature !== null) memory.noteSeal(part.origin.signature);
  };
  const call = (id: string, origin: ReasoningOrigin | null): void => {
    // Half a thought is worse than none.
    const kept = chars > REASONING_TURN_MAX_CHARS ? [] : thoughts;
    if (kept.length > 0 || origin !== null) memory.remember(id, { thoughts: kept, origin });
    thoughts = [];
  };
  const close = ({ opening, pieces, origin }: OpenPart): void => {
    if (opening.type === 'tool_call') call(opening.id, origin);
    if (opening.type === 'reasoning')
      thought({ type: 'reasoning', text: pieces.join(''), origin: origin ?? unsealed });
  };
  const take = (event: CanonicalEvent): void => {
    switch (event.type) {
      case 'open':
        if (event.opening.type === 'reasoning' || event.opening.type === 'tool_call')
          open.set(event.part, { opening: event.opening, pieces: [], origin: null });
        return;
      case 'delta': {
        const part = open.get(event.part);
        if (part?.opening.type !== 'reasoning') return;
        chars += event.text.length;
        if (chars <= REASONING_TURN_MAX_CHARS) part.pieces.push(event.text);
        return;
      }
      case 'origin': {
        const part = open.get(event.part);
        if (part) part.origin = event.origin;
        return;
      }
      case 'close': {
        const part = open.get(event.part);
        open.delete(event.part);
        if (part) close(part);
        return;
      }
      default:
    }
  };
  return {
    take: (events) => events.forEach(take),
    takeParts(parts) {
      for (const part of parts) {
        if (part.type === 'reasoning') thought(part);
        if (part.type === 'tool_call') call(part.id, part.origin ?? null);
      }
    },
  };
}
