/** Google's Gemini API, paid per token, with a free tier: in its own format, and in OpenAI's through Google's translation. */
import type { ModelKind } from '../../domain/vocabulary.js';
import { defineProvider, type ListedModel } from '../define-provider.js';
import { capabilitiesOf, names } from '../listed-facts.js';
import { isFields, known, type ListEntry, parseModelList } from '../model-list.js';
import { chatAt, embeddingsAt, openAiCompatible } from '../openai-compatible.js';

const BASE = 'https://generativelanguage.googleapis.com/v1beta';

/** https://ai.google.dev/api/models; a thousand is the most a page may have. The compatible list states ids only. */
const LIST = { url: `${BASE}/models?pageSize=1000`, auth: 'x-goog-api-key' } as const;

/** Models that generate something else than text although they have the method of chat models. */
const NOT_TEXT = /-image|-tts|-audio|-live/;

// https://ai.google.dev/gemini-api/docs/openai
export const provider = defineProvider({
  slug: 'gemini',
  name: 'Google Gemini',
  aliases: ['google'],
  kind: 'LAB',
  consoleUrl: 'https://aistudio.google.com/apikey',
  offerings: [
    openAiCompatible({
      base: `${BASE}/openai`,
      secretHint: 'AIza…',
      termsNotice:
        'Google may use what is sent in the free tier to improve its products. Connect a key of a project with billing ' +
        'to avoid that. See https://ai.google.dev/gemini-api/terms.',
      endpoints: [
        { protocol: 'GEMINI', url: `${BASE}/models/{model}:{method}`, auth: 'x-goog-api-key' },
        chatAt(`${BASE}/openai`),
        embeddingsAt(`${BASE}/openai`),
      ],
      models: {
        kind: 'live',
        ...LIST,
        parse: parseModelList(readModel, { entries: 'models', id: 'name' }),
        nextPage,
      },
      verify: [LIST],
      catalog: { facts: ['google'], prices: ['google'] },
      failures: [
        // A bad key is a 400 here.
        { message: /API key (?:not valid|expired|not found)/i, class: 'AUTHENTICATION' },
        // Counted per model: https://ai.google.dev/gemini-api/docs/rate-limits.
        { message: /retry in [\d.]+s/i, class: 'RATE_LIMITED', scope: 'MODEL', resetAt },
      ],
    }),
  ],
});

function readModel(entry: ListEntry): ListedModel {
  const upstreamId = entry.id.replace(/^models\//, '');
  return {
    upstreamId,
    kind: kindOf(upstreamId, entry.value('supportedGenerationMethods')),
    ...known({
      displayName: entry.text('displayName'),
      contextWindow: entry.count('inputTokenLimit'),
      maxOutputTokens: entry.count('outputTokenLimit'),
      capabilities: capabilitiesOf([['REASONING', entry.flag('thinking')]]),
    }),
  };
}

function kindOf(upstreamId: string, methods: unknown): ModelKind {
  if (names(methods, 'generateContent')) return NOT_TEXT.test(upstreamId) ? 'OTHER' : 'CHAT';
  return names(methods, 'embedContent', 'embedText') ? 'EMBEDDING' : 'OTHER';
}

/** When to come back stands in the message: `Please retry in 34.07s.` */
function resetAt(message: string, now: number): number | null {
  const seconds = /retry in ([\d.]+)s/i.exec(message)?.[1];
  return seconds === undefined ? null : now + Number(seconds) * 1000;
}

function nextPage(body: unknown): string | null {
  const token = isFields(body) ? body['nextPageToken'] : undefined;
  return typeof token === 'string' && token !== ''
    ? `${LIST.url}&pageToken=${encodeURIComponent(token)}`
    : null;
}
