/** Why an answer ended, in the words of all who speak the format. */
import type { AnswerPart, Finish, FinishReason } from '../canonical.js';

const REASONS: ReadonlyMap<string, FinishReason> = new Map([
  ['length', 'length'],
  ['max_tokens', 'length'],
  // Mistral's and Z.ai's words for a context that is full.
  ['model_length', 'length'],
  ['model_context_window_exceeded', 'length'],
  ['tool_calls', 'tool_calls'],
  ['tool_use', 'tool_calls'],
  ['function_call', 'tool_calls'],
  ['content_filter', 'content_filter'],
  ['sensitive', 'content_filter'],
  ['refusal', 'refusal'],
]);

/** Reasons that say the provider broke down: Mistral's and OpenRouter's, DeepSeek's, Z.ai's. */
const FAILURES: ReadonlySet<unknown> = new Set(['error', 'insufficient_system_resource', 'network_error']);

export function isFailureReason(reason: unknown): boolean {
  return FAILURES.has(reason);
}

/** The end of an answer that holds these kinds of parts. Many say `stop` whatever they wrote. */
export function finishOf(reason: string | null, types: ReadonlySet<AnswerPart['type']>): Finish {
  const stated = REASONS.get(reason ?? '') ?? 'stop';
  const meant =
    stated !== 'stop'
      ? stated
      : types.has('tool_call')
        ? 'tool_calls'
        : types.has('refusal')
          ? 'refusal'
          : 'stop';
  return { reason: meant, stopSequence: null };
}

/** OpenAI's word for it. A refusal in words of its own ends like any answer. */
export function finishWord(finish: Finish, refused: boolean): string {
  switch (finish.reason) {
    case 'refusal':
      return refused ? 'stop' : 'content_filter';
    case 'pause':
      return 'stop';
    default:
      return finish.reason;
  }
}
