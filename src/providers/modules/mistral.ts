/** Mistral: the plan behind Vibe, its coding agent, and its API paid per token. */
import type { ModelKind } from '../../domain/vocabulary.js';
import type { Quirks } from '../../protocols/target.js';
import { defineProvider, type FailureRule, type ListedModel } from '../define-provider.js';
import { capabilitiesOf } from '../listed-facts.js';
import { isFields, known, type ListEntry } from '../model-list.js';
import { chatAt, embeddingsAt, openAiCompatible } from '../openai-compatible.js';

const BASE = 'https://api.mistral.ai/v1';

/** What the plan pays for; the same list names it beside all others. */
const VIBE_MODEL = /^mistral-vibe-cli/;

/** https://docs.mistral.ai/api; business codes are text. */
const FAILURES: readonly FailureRule[] = [
  { codes: ['1500'], class: 'MODEL_NOT_FOUND' },
  { types: ['invalid_model'], class: 'MODEL_NOT_FOUND' },
  { codes: ['3051'], class: 'CONTEXT_LENGTH' },
  // UNCONFIRMED: how a used-up month is worded.
  { status: 429, message: /monthly|quota|usage limit/i, class: 'QUOTA_EXHAUSTED' },
  { types: ['rate_limited'], class: 'RATE_LIMITED' },
  // Said with 429 and 503 alike: the model is overloaded, whoever asks.
  { message: /service tier capacity exceeded/i, class: 'RATE_LIMITED', scope: 'MODEL' },
];

/** Fields of OpenAI's that are not in its own list; it has `random_seed`. */
const REFUSED_FIELDS = [
  'seed',
  'user',
  'store',
  'service_tier',
  'verbosity',
  'logprobs',
  'top_logprobs',
  'logit_bias',
];

export const provider = defineProvider({
  slug: 'mistral',
  name: 'Mistral',
  aliases: ['mistralai', 'mistral-ai'],
  kind: 'LAB',
  consoleUrl: 'https://console.mistral.ai/api-keys',
  offerings: [
    // https://docs.mistral.ai/mistral-vibe; a key of the plan is made in the console like any other.
    openAiCompatible({
      code: 'vibe',
      name: 'Vibe',
      billing: 'SUBSCRIPTION',
      termsNotice:
        'The plan pays for the models of Mistral Vibe only. How much it includes is not published, and cannot be read with ' +
        'the key.',
      // UNCONFIRMED which plans; the team's price depends on its seats.
      plans: [
        { code: 'pro', name: 'Le Chat Pro', monthlyPriceUsd: '14.99' },
        { code: 'team', name: 'Le Chat Team', monthlyPriceUsd: null },
      ],
      base: BASE,
      readModel: (entry) => (VIBE_MODEL.test(entry.id) ? readModel(entry) : null),
      quirks,
      catalog: { facts: ['mistral'], prices: ['mistral'] },
      // UNCONFIRMED: that it is the newest Devstral under a name of its own.
      catalogAliases: { 'mistral-vibe-cli-latest': 'devstral-latest' },
      failures: FAILURES,
    }),
    openAiCompatible({
      base: BASE,
      endpoints: [chatAt(BASE), embeddingsAt(BASE)],
      readModel: (entry) => (VIBE_MODEL.test(entry.id) ? null : readModel(entry)),
      quirks,
      catalog: { facts: ['mistral'], prices: ['mistral'] },
      failures: FAILURES,
    }),
  ],
});

/** `{"id": …, "max_context_length": …, "deprecation": null, "capabilities": {"completion_chat": true, …}}` */
function readModel(entry: ListEntry): ListedModel | null {
  // A date stands there once the model's end is announced.
  if (entry.text('deprecation') !== undefined) return null;
  const stated = entry.value('capabilities');
  const able = isFields(stated) ? stated : {};
  return {
    upstreamId: entry.id,
    ...known({
      kind: kindOf(entry.id, able['completion_chat']),
      contextWindow: entry.count('max_context_length'),
      capabilities: capabilitiesOf([
        ['TOOLS', able['function_calling'] === true],
        ['VISION', able['vision'] === true],
        ['REASONING', able['reasoning'] === true],
      ]),
    }),
  };
}

function kindOf(id: string, chats: unknown): ModelKind | undefined {
  if (chats === true) return 'CHAT';
  if (chats !== false) return undefined;
  return id.includes('embed') ? 'EMBEDDING' : 'OTHER';
}

/**
 * https://docs.mistral.ai/api/endpoint/chat, and of reasoning https://docs.mistral.ai/capabilities/reasoning. What it does not
 * know it refuses: "Extra inputs are not permitted"; of ids: "must be a-z, A-Z, 0-9, with a length of 9". UNCONFIRMED: which
 * models take an effort, and that `stream_options` is refused still; usage comes without it.
 */
function quirks(upstreamId: string): Quirks {
  const adjustable = /^(?:mistral-(?:small|medium)-(?:latest|26|3-5)|mistral-vibe-cli)/.test(upstreamId);
  return {
    maxTokensField: 'max_tokens',
    ...(adjustable ? { efforts: ['none', 'high'] } : { reasoningControl: 'none' }),
    noDeveloperRole: true,
    toolIds: 'nine-alphanumerics',
    noStreamOptions: true,
    temperatureMax: 1.5,
    refusedFields: REFUSED_FIELDS,
    refusedMessageFields: ['reasoning_content', 'name'],
  };
}
