/**
 * Which spellings mean one model, so that reports can compare it across providers and a tier can fall back to the same
 * model elsewhere. The key is for comparing only: what is sent is always what the provider itself calls the model.
 *
 * What differs between the spellings of one model falls in few patterns: vendors in front, tags behind, capitals, and dots,
 * dashes or a `p` within versions. The rest is a table. Sizes, builds and dates stay, because another one is another model.
 */

/** Tags for a mode of a model, its price or where it runs. */
const TAG = /:(?:thinking|online|memory|cloud|latest|free|extended|nitro|floor|exacto)\b/g;
/** The same as a part of the name: a trusted environment, someone's cloud, given away. */
const PLACE = /-(?:tee|cloud|free)$/;
/** A date after a colon pins a build of the same model. */
const PIN = /:\d{4,}$/;
/** Fireworks and Kimi Code write 2.7 as 2p7. */
const POINT = /(?<=\d)p(?=\d)/g;

/** Spellings that no pattern explains, in the form that the patterns leave, with what they mean. */
const TABLE: Readonly<Record<string, string>> = {
  k3: 'kimi-k3',
  'k2-5': 'kimi-k2-5',
  'k2-6': 'kimi-k2-6',
  'k2-7': 'kimi-k2-7-code',
  'k2-7-code': 'kimi-k2-7-code',
  'kimi-k2-instruct-0905': 'kimi-k2-0905',
  'kimi-k2-0905-preview': 'kimi-k2-0905',
  'kimi-k2-instruct-0711': 'kimi-k2-0711',
  'kimi-k2-0711-preview': 'kimi-k2-0711',
  'zai-glm-4-7': 'glm-4-7',
  'zai-glm-4-6': 'glm-4-6',
  'gemma3-4b': 'gemma-3-4b-it',
  'gemma3-12b': 'gemma-3-12b-it',
  'gemma3-27b': 'gemma-3-27b-it',
  'gemma4-31b': 'gemma-4-31b-it',
  'qwen3-coder-480b': 'qwen3-coder-480b-a35b-instruct',
  'deepseek-chat-v3-0324': 'deepseek-v3-0324',
  'deepseek-chat-v3-1': 'deepseek-v3-1',
  'deepseek-v3-1-671b': 'deepseek-v3-1',
  // Anthropic's undated names; each has meant one dated build only.
  'claude-haiku-4-5-20251001': 'claude-haiku-4-5',
  'claude-sonnet-4-5-20250929': 'claude-sonnet-4-5',
  'claude-opus-4-1-20250805': 'claude-opus-4-1',
  'claude-opus-4-5-20251101': 'claude-opus-4-5',
};

const meanings = new Map(Object.entries(TABLE));

/** The key that all spellings of a model share, from any provider's id of it. */
export function canonicalModel(upstreamId: string): string {
  const name = upstreamId.slice(upstreamId.lastIndexOf('/') + 1).toLowerCase();
  const plain = name
    .replace(/^hf:/, '')
    .replace(TAG, '')
    .replace(PIN, '')
    .replace(PLACE, '')
    .replace(POINT, '-')
    .replace(/[.:_]/g, '-');
  return meanings.get(plain) ?? plain;
}
