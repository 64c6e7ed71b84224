/** Thoughts in the items of a Responses provider: a summary, or the thought itself where the provider shows it, and the seal. */
import type { ReasoningOrigin } from '../canonical.js';
import type { JsonObject } from '../dialect.js';
import { listOf, objectOf, text } from '../fields.js';
import type { Target } from '../target.js';

/** Stands between the parts of a summary. */
export const PARAGRAPH = '\n\n';

/** The readable side of a reasoning item. */
export function thoughtOf(item: JsonObject): string {
  return textsOf(item['summary']) || textsOf(item['content']);
}

export function originOf(item: JsonObject, target: Target): ReasoningOrigin {
  const id = text(item['id']);
  return {
    model: target.model,
    protocol: 'OPENAI_RESPONSES',
    signature: text(item['encrypted_content']) || null,
    ...(id !== null && id !== '' && { itemId: id }),
  };
}

function textsOf(parts: unknown): string {
  return listOf(parts)
    .map((part) => text(objectOf(part)['text']) ?? '')
    .join(PARAGRAPH);
}
