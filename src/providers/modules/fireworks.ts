/** Fireworks AI: open models, paid per token. Its list belongs to its account API, which pages. */
import type { ModelKind } from '../../domain/vocabulary.js';
import type { Quirks } from '../../protocols/target.js';
import { defineProvider, type ListedModel } from '../define-provider.js';
import { replayQuirks } from '../family-quirks.js';
import { capabilitiesOf } from '../listed-facts.js';
import { isFields, known, type ListEntry, parseModelList } from '../model-list.js';
import { chatAt, embeddingsAt, messagesAt, openAiCompatible, responsesAt } from '../openai-compatible.js';

const ORIGIN = 'https://api.fireworks.ai';
const BASE = `${ORIGIN}/inference/v1`;

/** https://docs.fireworks.ai/api-reference/list-models; two hundred is the most a page may have. */
const LIST = {
  url: `${ORIGIN}/v1/accounts/fireworks/models?filter=supports_serverless%3Dtrue&pageSize=200`,
  auth: 'bearer',
} as const;

const KINDS: Readonly<Record<string, ModelKind>> = {
  EMBEDDING_MODEL: 'EMBEDDING',
  FLUMINA_BASE_MODEL: 'OTHER',
  FLUMINA_ADDON: 'OTHER',
};

export const provider = defineProvider({
  slug: 'fireworks',
  name: 'Fireworks AI',
  aliases: ['fireworks-ai'],
  kind: 'AGGREGATOR',
  consoleUrl: 'https://app.fireworks.ai/settings/users/api-keys',
  offerings: [
    openAiCompatible({
      base: BASE,
      secretHint: 'fw_…',
      // https://docs.fireworks.ai/tools-sdks/anthropic-compatibility
      endpoints: [chatAt(BASE), messagesAt(BASE), responsesAt(BASE), embeddingsAt(BASE)],
      models: {
        kind: 'live',
        ...LIST,
        parse: parseModelList(readModel, { entries: 'models', id: 'name' }),
        nextPage,
      },
      verify: [LIST],
      quirks,
      catalog: { facts: ['fireworks-ai'], prices: ['fireworks-ai'] },
      failures: [
        // 412: out of credits, or invoices unpaid.
        { message: /account .* is suspended|spending limit/i, class: 'BILLING' },
        { message: /model not found/i, class: 'MODEL_NOT_FOUND' },
      ],
    }),
  ],
});

/** Without a machine of one's own only serverless models answer. */
function readModel(entry: ListEntry): ListedModel | null {
  if (entry.flag('supportsServerless') === false) return null;
  return {
    upstreamId: entry.id,
    ...known({
      kind: KINDS[entry.text('kind') ?? ''],
      displayName: entry.text('displayName'),
      contextWindow: entry.count('contextLength'),
      capabilities: capabilitiesOf([
        ['TOOLS', entry.flag('supportsTools')],
        ['VISION', entry.flag('supportsImageInput')],
      ]),
    }),
  };
}

function nextPage(body: unknown): string | null {
  const token = isFields(body) ? body['nextPageToken'] : undefined;
  return typeof token === 'string' && token !== ''
    ? `${LIST.url}&pageToken=${encodeURIComponent(token)}`
    : null;
}

/** https://docs.fireworks.ai/guides/reasoning */
function quirks(upstreamId: string): Quirks {
  return { ...replayQuirks(upstreamId), maxTokensField: 'max_tokens', efforts: effortsOf(upstreamId) };
}

function effortsOf(upstreamId: string): NonNullable<Quirks['efforts']> {
  if (upstreamId.includes('kimi')) return ['low', 'medium', 'high'];
  if (upstreamId.includes('glm-5')) return ['none', 'high', 'max'];
  if (upstreamId.includes('deepseek')) return ['none', 'low', 'medium', 'high', 'xhigh'];
  return ['none', 'low', 'medium', 'high'];
}
