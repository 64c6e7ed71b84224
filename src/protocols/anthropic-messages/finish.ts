/** Why an answer ended, in Anthropic's words and in ours. */
import type { Finish, FinishReason } from '../canonical.js';

const REASONS: Readonly<Record<string, FinishReason>> = {
  end_turn: 'stop',
  stop_sequence: 'stop',
  max_tokens: 'length',
  model_context_window_exceeded: 'length',
  tool_use: 'tool_calls',
  refusal: 'refusal',
  pause_turn: 'pause',
  // Of providers who speak this format with reasons of their own.
  sensitive: 'content_filter',
  content_filter: 'content_filter',
};

/** A reason nobody documented ended the answer all the same: with a call when there is one to run. */
export function readFinish(reason: unknown, stopSequence: unknown, called: boolean): Finish {
  const known = typeof reason === 'string' && Object.hasOwn(REASONS, reason) ? REASONS[reason] : undefined;
  return {
    reason: known ?? (called ? 'tool_calls' : 'stop'),
    stopSequence: typeof stopSequence === 'string' ? stopSequence : null,
  };
}

/** What an answer held that its reason has to agree with. */
export interface AnswerHeld {
  readonly refusal: boolean;
  readonly call: boolean;
}

export function stopReasonOf(finish: Finish, held: AnswerHeld): string {
  switch (finish.reason) {
    case 'length':
      return 'max_tokens';
    case 'tool_calls':
      return 'tool_use';
    case 'refusal':
    case 'content_filter':
      return 'refusal';
    case 'pause':
      return 'pause_turn';
    case 'stop':
      if (held.refusal) return 'refusal';
      // Some providers say of a turn with calls that it stopped; an agent that reads the reason would not run them.
      if (held.call) return 'tool_use';
      return finish.stopSequence === null ? 'end_turn' : 'stop_sequence';
  }
}
