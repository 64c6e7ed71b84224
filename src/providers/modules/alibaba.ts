/** Alibaba Cloud Model Studio (Bailian, Qwen): two plans and the API paid per token, each with addresses and keys of its own. */
import type { ModelKind } from '../../domain/vocabulary.js';
import type { Quirks } from '../../protocols/target.js';
import { defineProvider, type FailureRule, type ListedModel } from '../define-provider.js';
import { replayQuirks } from '../family-quirks.js';
import { known, type ListEntry } from '../model-list.js';
import { chatAt, embeddingsAt, messagesAt, openAiCompatible, responsesAt } from '../openai-compatible.js';
import { callsPublished } from '../plan-quota.js';

const CODING = 'https://coding-intl.dashscope.aliyuncs.com';
const TOKEN = 'https://token-plan.ap-southeast-1.maas.aliyuncs.com';
const API = 'https://dashscope-intl.aliyuncs.com';

const NOT_A_PLAN_KEY = { pattern: /^sk-(?!sp-)/, belongsTo: 'the Model Studio API, paid per token' };

/**
 * Error codes: https://help.aliyun.com/en/model-studio/error-code-start and
 * https://help.aliyun.com/en/model-studio/coding-plan-faq. One error has several spellings, by the format of the call.
 */
const FAILURES: readonly FailureRule[] = [
  { codes: ['invalid_api_key', 'InvalidApiKey'], class: 'AUTHENTICATION' },
  { message: /invalid access token or token expired/i, class: 'AUTHENTICATION' },
  { message: /only available for coding agents/i, class: 'CLIENT_REFUSED' },
  // "hour allocated quota exceeded": the Coding Plan's windows. "concurrency allocated …" is none of them.
  { message: /\b(?:hour|week|month) allocated quota exceeded/i, class: 'QUOTA_EXHAUSTED' },
  { message: /token-plan .*quota has been exhausted/i, class: 'QUOTA_EXHAUSTED', resetAt: resetTime },
  { codes: ['Arrearage', 'AllocationQuota.FreeTierOnly'], class: 'BILLING' },
  { message: /overdue|free (?:tier|quota).*exhausted/i, class: 'BILLING' },
  // The name says otherwise, but this is the tokens per minute: it passes by itself.
  { codes: ['insufficient_quota', 'Throttling.AllocationQuota'], class: 'RATE_LIMITED' },
  { codes: ['Throttling'], class: 'RATE_LIMITED' },
  // Counted per model: https://www.alibabacloud.com/help/en/model-studio/rate-limit.
  { codes: ['Throttling.RateQuota', 'Throttling.BurstRate'], class: 'RATE_LIMITED', scope: 'MODEL' },
  { codes: ['model_not_found', 'ModelNotFound', 'model_not_supported'], class: 'MODEL_NOT_FOUND' },
  { codes: ['Model.AccessDenied', 'AccessDenied.Unpurchased'], class: 'MODEL_NOT_FOUND' },
  { codes: ['data_inspection_failed', 'DataInspectionFailed'], class: 'CONTENT_POLICY' },
  { message: /range of input length should be/i, class: 'CONTEXT_LENGTH' },
];

export const provider = defineProvider({
  slug: 'alibaba',
  name: 'Alibaba Cloud Model Studio',
  aliases: ['qwen', 'bailian', 'dashscope'],
  kind: 'LAB',
  consoleUrl: 'https://modelstudio.console.alibabacloud.com/?tab=dashboard#/api-key',
  offerings: [
    // https://www.alibabacloud.com/help/en/model-studio/coding-plan
    openAiCompatible({
      code: 'coding-plan',
      name: 'Coding Plan',
      billing: 'SUBSCRIPTION',
      secretHint: 'sk-sp-…',
      foreignSecrets: [NOT_A_PLAN_KEY],
      termsNotice:
        'Alibaba allows the Coding Plan in interactive coding tools only: no scripts, no batches, no back ends of ' +
        'applications. Each call to a model counts, and one question in an agent makes many. See ' +
        'https://www.alibabacloud.com/help/en/model-studio/coding-plan.',
      plans: [{ code: 'pro', name: 'Pro', monthlyPriceUsd: '50' }],
      publishedWindows: { pro: callsPublished(6_000, 45_000, 90_000) },
      regions: [
        { code: 'intl', name: 'International', origins: {} },
        {
          code: 'cn',
          name: 'Mainland China',
          origins: { [CODING]: 'https://coding.dashscope.aliyuncs.com' },
        },
      ],
      endpoints: [chatAt(`${CODING}/v1`), messagesAt(`${CODING}/apps/anthropic/v1`)],
      // UNCONFIRMED: whether the list, which answers without a key as well, minds a wrong one. If it does not, the first
      // call tells.
      base: `${CODING}/v1`,
      readModel,
      quirks,
      catalog: { facts: ['alibaba-coding-plan'], prices: ['alibaba', 'zai', 'moonshotai', 'minimax'] },
      failures: FAILURES,
    }),
    // https://www.alibabacloud.com/help/en/model-studio/token-plan-overview
    openAiCompatible({
      code: 'token-plan',
      name: 'Token Plan',
      billing: 'SUBSCRIPTION',
      secretHint: 'sk-sp-…',
      foreignSecrets: [NOT_A_PLAN_KEY],
      termsNotice:
        'Alibaba sells the Token Plan for interactive use in AI tools; automated and back-end use may end it. Its windows ' +
        'are shown in the console only. See https://www.alibabacloud.com/help/en/model-studio/token-plan-overview.',
      plans: [
        { code: 'lite', name: 'Lite', monthlyPriceUsd: '6' },
        { code: 'standard', name: 'Standard', monthlyPriceUsd: '18' },
        { code: 'pro', name: 'Pro', monthlyPriceUsd: '68' },
      ],
      // Published in credits, without a rate from which use in credits could be told.
      regions: [
        { code: 'intl', name: 'International (Singapore)', origins: {} },
        {
          code: 'cn',
          name: 'Mainland China (Beijing)',
          origins: { [TOKEN]: 'https://token-plan.cn-beijing.maas.aliyuncs.com' },
        },
      ],
      endpoints: [
        chatAt(`${TOKEN}/compatible-mode/v1`),
        messagesAt(`${TOKEN}/apps/anthropic/v1`),
        responsesAt(`${TOKEN}/compatible-mode/v1`),
      ],
      // UNCONFIRMED beyond qwen3.7-max: only Qwen's own models answer to Responses.
      protocolsOf: (upstreamId) =>
        upstreamId.startsWith('qwen')
          ? ['OPENAI_CHAT', 'ANTHROPIC_MESSAGES', 'OPENAI_RESPONSES']
          : ['OPENAI_CHAT', 'ANTHROPIC_MESSAGES'],
      base: `${TOKEN}/compatible-mode/v1`,
      readModel,
      quirks,
      catalog: {
        facts: ['alibaba-token-plan'],
        prices: ['alibaba', 'zai', 'moonshotai', 'deepseek', 'minimax'],
      },
      failures: FAILURES,
    }),
    // https://www.alibabacloud.com/help/en/model-studio/compatibility-of-openai-with-dashscope
    openAiCompatible({
      secretHint: 'sk-…',
      foreignSecrets: [{ pattern: /^sk-sp-/, belongsTo: 'one of the Model Studio plans' }],
      regions: [
        { code: 'singapore', name: 'Singapore', origins: {} },
        { code: 'us', name: 'United States', origins: { [API]: 'https://dashscope-us.aliyuncs.com' } },
        { code: 'beijing', name: 'Mainland China', origins: { [API]: 'https://dashscope.aliyuncs.com' } },
      ],
      base: `${API}/compatible-mode/v1`,
      endpoints: [chatAt(`${API}/compatible-mode/v1`), embeddingsAt(`${API}/compatible-mode/v1`)],
      readModel,
      quirks,
      catalog: { facts: ['alibaba'], prices: ['alibaba'] },
      failures: FAILURES,
    }),
  ],
});

function readModel({ id }: ListEntry): ListedModel {
  return { upstreamId: id, ...known({ kind: kindOf(id) }) };
}

/** The lists state ids only, and name everything that Alibaba serves. Undefined: nothing in the name speaks against chat. */
function kindOf(id: string): ModelKind | undefined {
  if (/embedding/.test(id)) return 'EMBEDDING';
  return /^(?:wan|z-image|qwen-image)|rerank|realtime|-(?:asr|tts|s2s|livetranslate)\b/.test(id)
    ? 'OTHER'
    : undefined;
}

/** `The quota will reset at 08-18 10:07:00 UTC`: the year is the one in which that is still to come. */
function resetTime(message: string, now: number): number | null {
  const match = /reset at (\d{2}-\d{2}) (\d{2}:\d{2}:\d{2}) UTC/.exec(message);
  if (!match) return null;
  const year = new Date(now).getUTCFullYear();
  const times = [year, year + 1].map((each) => Date.parse(`${each}-${match[1]}T${match[2]}Z`));
  return times.find((time) => time >= now) ?? null;
}

/**
 * https://www.alibabacloud.com/help/en/model-studio/deep-thinking: models of every maker are switched alike. Said of forced
 * tools: "does not support being set to required or object in thinking mode"; of roles: "developer is not one of ['system',
 * 'assistant', 'user', 'tool', 'function']".
 */
function quirks(upstreamId: string): Quirks {
  const alwaysThinks = /-thinking|qwq|qvq|kimi-k(?:2\.7|3)|minimax|glm-5\.3|deepseek-r1/i.test(upstreamId);
  return {
    ...replayQuirks(upstreamId),
    maxTokensField: 'max_tokens',
    noDeveloperRole: true,
    // UNCONFIRMED for all models.
    emptyContent: true,
    ...(alwaysThinks
      ? { reasoningControl: 'none', toolChoiceAutoOnly: true }
      : { reasoningControl: 'enable-thinking', forcedToolsEndThinking: true }),
  };
}
