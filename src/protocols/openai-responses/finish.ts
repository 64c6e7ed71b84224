/** Why an answer ended, out of what a finished response says and holds. */
import type { Finish } from '../canonical.js';
import type { JsonObject } from '../dialect.js';
import { objectOf } from '../fields.js';

export function finishOf(
  response: JsonObject,
  held: { readonly calls: boolean; readonly refusal: boolean },
): Finish {
  if (response['status'] === 'incomplete') {
    const cutBy = objectOf(response['incomplete_details'])['reason'];
    return { reason: cutBy === 'content_filter' ? 'content_filter' : 'length', stopSequence: null };
  }
  const answered = held.refusal ? 'refusal' : 'stop';
  return { reason: held.calls ? 'tool_calls' : answered, stopSequence: null };
}
