/** OpenAI's API, paid per token. */
import type { WireProtocol } from '../../domain/vocabulary.js';
import { defineProvider, type ListedModel } from '../define-provider.js';
import { gptQuirks } from '../family-quirks.js';
import type { ListEntry } from '../model-list.js';
import { chatAt, embeddingsAt, openAiCompatible, responsesAt } from '../openai-compatible.js';

const BASE = 'https://api.openai.com/v1';

/** Models with one format only: https://platform.openai.com/docs/models. Treating one as such in error costs a translation. */
const RESPONSES_ONLY = /codex|^o\d-pro|^gpt-5(?:\.\d+)?-pro|deep-research|^computer-use/;
const CHAT_ONLY = /-search-(?:preview|api)/;

/** Sounds, pictures, filters and plain completion, which the list does not tell from chat models. */
const NOT_CHAT =
  /realtime|audio|transcribe|tts|whisper|image|dall-e|sora|moderation|instruct|^(?:babbage|davinci)-/;

// https://platform.openai.com/docs/api-reference
export const provider = defineProvider({
  slug: 'openai',
  name: 'OpenAI',
  aliases: [],
  kind: 'LAB',
  consoleUrl: 'https://platform.openai.com/api-keys',
  offerings: [
    openAiCompatible({
      base: BASE,
      secretHint: 'sk-…',
      foreignSecrets: [
        { pattern: /^sk-ant-/, belongsTo: 'Anthropic' },
        { pattern: /^sk-or-/, belongsTo: 'OpenRouter' },
        { pattern: /^sk-admin-/, belongsTo: 'the administration of an OpenAI organization' },
      ],
      endpoints: [chatAt(BASE), responsesAt(BASE), embeddingsAt(BASE)],
      protocolsOf,
      readModel,
      quirks: gptQuirks,
      catalog: { facts: ['openai'], prices: ['openai'] },
      failures: [
        { codes: ['billing_hard_limit_reached', 'billing_not_active'], class: 'BILLING' },
        { codes: ['invalid_prompt'], message: /usage polic/i, class: 'CONTENT_POLICY' },
        // One request that is larger than the account may send in a minute: waiting does not help.
        { message: /^Request too large for/, class: 'CONTEXT_LENGTH' },
        // Counted per model: https://platform.openai.com/docs/guides/rate-limits.
        { codes: ['rate_limit_exceeded'], class: 'RATE_LIMITED', scope: 'MODEL' },
      ],
    }),
  ],
});

function readModel({ id }: ListEntry): ListedModel {
  return { upstreamId: id, ...(NOT_CHAT.test(id) && { kind: 'OTHER' }) };
}

function protocolsOf(upstreamId: string): readonly WireProtocol[] {
  if (RESPONSES_ONLY.test(upstreamId)) return ['OPENAI_RESPONSES'];
  return CHAT_ONLY.test(upstreamId) ? ['OPENAI_CHAT'] : ['OPENAI_CHAT', 'OPENAI_RESPONSES'];
}
