/** xAI's API, paid per token. Its completion counts leave reasoning out. */
import type { WireProtocol } from '../../domain/vocabulary.js';
import type { Quirks } from '../../protocols/target.js';
import { defineProvider, type ListedModel } from '../define-provider.js';
import type { ListEntry } from '../model-list.js';
import { chatAt, openAiCompatible, responsesAt } from '../openai-compatible.js';

const BASE = 'https://api.x.ai/v1';

/** https://docs.x.ai/developers/model-capabilities/text/reasoning: an error where the model reasons. */
const REFUSED_BY_REASONING = ['presence_penalty', 'frequency_penalty', 'stop'];

// https://docs.x.ai/docs/api-reference
export const provider = defineProvider({
  slug: 'xai',
  name: 'xAI',
  aliases: ['x-ai', 'x.ai', 'grok'],
  kind: 'LAB',
  consoleUrl: 'https://console.x.ai',
  offerings: [
    openAiCompatible({
      base: BASE,
      secretHint: 'xai-…',
      endpoints: [chatAt(BASE), responsesAt(BASE)],
      protocolsOf,
      readModel,
      quirks,
      catalog: { facts: ['xai'], prices: ['xai'] },
      failures: [
        // A bad key is a 400 here.
        { message: /(?:incorrect|invalid) api key/i, class: 'AUTHENTICATION' },
        // 403 for an account that never bought any, 429 for one that used them up.
        { message: /\bcredits\b|spending limit/i, class: 'BILLING' },
        // Counted per model: https://docs.x.ai/docs/consumption-and-rate-limits.
        { status: 429, class: 'RATE_LIMITED', scope: 'MODEL' },
        { message: /maximum prompt length/i, class: 'CONTEXT_LENGTH' },
        { message: /safety check|content violates usage guidelines/i, class: 'CONTENT_POLICY' },
      ],
    }),
  ],
});

function readModel({ id }: ListEntry): ListedModel {
  return { upstreamId: id, ...(/imagine|image|video/.test(id) && { kind: 'OTHER' }) };
}

/** Several agents at work answer through Responses only: https://docs.x.ai/docs/guides/multi-agent. */
function protocolsOf(upstreamId: string): readonly WireProtocol[] {
  return upstreamId.includes('multi-agent') ? ['OPENAI_RESPONSES'] : ['OPENAI_CHAT', 'OPENAI_RESPONSES'];
}

/** https://docs.x.ai/developers/model-capabilities/text/reasoning */
function quirks(upstreamId: string): Quirks {
  const efforts = effortsOf(upstreamId);
  return {
    ...(efforts === null ? ({ reasoningControl: 'none' } as const) : { efforts }),
    ...(!/non-reasoning|grok-[23](?!-mini)/.test(upstreamId) && { refusedFields: REFUSED_BY_REASONING }),
  };
}

/** Null for models that refuse an effort, whatever it is: they think, or not, by their name. */
function effortsOf(upstreamId: string): NonNullable<Quirks['efforts']> | null {
  if (upstreamId.startsWith('grok-3-mini')) return ['low', 'high'];
  if (upstreamId.startsWith('grok-4.3')) return ['none', 'low', 'medium', 'high'];
  if (/^grok-4\.5|multi-agent/.test(upstreamId)) return ['low', 'medium', 'high'];
  if (/^grok-(?:4\.[6-9]|[5-9])/.test(upstreamId)) return ['low', 'medium', 'high', 'xhigh'];
  return null;
}
