/** Z.ai (Zhipu): the GLM Coding Plan, and its API paid per token. */
import type { Quirks } from '../../protocols/target.js';
import { defineProvider, type FailureRule, type ListedModel, type Region } from '../define-provider.js';
import { parseModelList } from '../model-list.js';
import {
  amountOf,
  DAY_SECONDS,
  fieldsAt,
  HOUR_SECONDS,
  itemsAt,
  type QuotaContext,
  type QuotaStatement,
  statedWindow,
  WEEK_SECONDS,
} from '../plan-quota.js';

const GLOBAL = 'https://api.z.ai';
const CN = 'https://open.bigmodel.cn';

const REGIONS: readonly Region[] = [
  { code: 'global', name: 'Global (z.ai)', origins: {} },
  { code: 'cn', name: 'Mainland China (bigmodel.cn)', origins: { [GLOBAL]: CN } },
];

/** Business codes: https://docs.z.ai/api-reference/api-code. They arrive as strings, and say more than the status. */
const FAILURES: readonly FailureRule[] = [
  { codes: ['1000', '1001', '1003', '1005'], class: 'AUTHENTICATION' },
  { codes: ['1113'], class: 'BILLING' },
  { codes: ['1211', '1220', '1311'], class: 'MODEL_NOT_FOUND' },
  { codes: ['1214'], message: /model|模型/i, class: 'MODEL_NOT_FOUND' },
  { codes: ['1214'], class: 'INVALID_REQUEST' },
  { codes: ['1261'], class: 'CONTEXT_LENGTH' },
  { codes: ['1301'], class: 'CONTENT_POLICY' },
  { codes: ['1302'], class: 'RATE_LIMITED' },
  // The model is overloaded, whoever asks.
  { codes: ['1305'], class: 'RATE_LIMITED', scope: 'MODEL' },
  {
    codes: ['1308', '1310', '1314', '1315', '1316', '1317', '1318', '1319', '1320', '1321'],
    class: 'QUOTA_EXHAUSTED',
    resetAt: resetTime,
  },
  { codes: ['1309'], class: 'PLAN_INACTIVE' },
  { codes: ['1313'], class: 'FAIR_USE' },
  // The quota endpoint says "the user has no coding plan" in Chinese, with HTTP 200.
  { message: /不存在\s*coding plan|no coding plan/i, class: 'PLAN_INACTIVE' },
];

/** The list states ids only. What its newest models can do is in https://docs.z.ai/devpack/tool/codex. */
const DOCUMENTED: Readonly<Record<string, Omit<ListedModel, 'upstreamId'>>> = {
  'glm-5.3': {
    displayName: 'GLM-5.3',
    contextWindow: 1_048_576,
    maxOutputTokens: 131_072,
    capabilities: ['STREAMING', 'TOOLS', 'REASONING'],
  },
};

const parseModels = parseModelList(({ id }) => ({ upstreamId: id, ...DOCUMENTED[id] }));

/** Limits are announced as `… will reset at 2026-08-12 18:58:34`: Beijing time, without saying so. */
function resetTime(message: string): number | null {
  const match = /reset at (\d{4}-\d{2}-\d{2}) (\d{2}:\d{2}:\d{2})/.exec(message);
  const time = match ? Date.parse(`${match[1]}T${match[2]}+08:00`) : Number.NaN;
  return Number.isNaN(time) ? null : time;
}

/** Of `unit`. Others are not windows of chat: 5 is the month of calls to tools. */
const UNIT_SECONDS: Readonly<Record<number, number>> = { 1: DAY_SECONDS, 3: HOUR_SECONDS, 6: WEEK_SECONDS };

/**
 * Rows by length, whatever their type is called: `TOKENS_LIMIT` became `CREDIT_LIMIT` with the plans of August 2026
 * (https://github.com/robinebers/openusage/issues/1104). In them `usage` is the allowance and `currentValue` what was used
 * of it; older rows state a percentage only.
 */
function readQuota([body]: readonly unknown[], { now }: QuotaContext): QuotaStatement {
  const windows = itemsAt(body, 'data', 'limits').flatMap((row) => {
    const seconds = (amountOf(row['number']) ?? 0) * (UNIT_SECONDS[Number(row['unit'])] ?? 0);
    if (seconds === 0 || row['type'] === 'TIME_LIMIT') return [];
    return statedWindow(
      {
        windowSeconds: seconds,
        unit: row['type'] === 'TOKENS_LIMIT' ? 'TOKENS' : 'CREDITS',
        limit: row['usage'],
        used: row['currentValue'],
        remaining: row['remaining'],
        percentUsed: row['percentage'],
        resetsAt: row['nextResetTime'],
      },
      now,
    );
  });
  const { level } = fieldsAt(body, 'data');
  return { windows, active: typeof level === 'string' && level !== '' ? true : null };
}

export const provider = defineProvider({
  slug: 'zai',
  name: 'Z.ai',
  aliases: ['z-ai', 'z.ai', 'zhipu'],
  kind: 'LAB',
  consoleUrl: 'https://z.ai/manage-apikey/apikey-list',
  offerings: [
    {
      // https://docs.z.ai/devpack/quick-start
      code: 'coding-plan',
      name: 'GLM Coding Plan',
      billing: 'SUBSCRIPTION',
      credential: 'API_KEY',
      secretHint: '<id>.<secret>',
      foreignSecrets: [],
      termsNotice:
        'Z.ai limits the GLM Coding Plan to its officially supported tools and may restrict accounts that use it through ' +
        'an SDK or other third-party integrations. See https://docs.z.ai/devpack/overview.',
      plans: [
        { code: 'lite', name: 'Lite', monthlyPriceUsd: '18' },
        { code: 'pro', name: 'Pro', monthlyPriceUsd: '80' },
        { code: 'max', name: 'Max', monthlyPriceUsd: '168' },
      ],
      regions: REGIONS,
      endpoints: [
        { protocol: 'OPENAI_CHAT', url: `${GLOBAL}/api/coding/paas/v4/chat/completions`, auth: 'bearer' },
        // UNCONFIRMED in the region cn.
        { protocol: 'ANTHROPIC_MESSAGES', url: `${GLOBAL}/api/anthropic/v1/messages`, auth: 'bearer' },
        // https://docs.z.ai/devpack/tool/codex; UNCONFIRMED in the region cn.
        { protocol: 'OPENAI_RESPONSES', url: `${GLOBAL}/api/v1/responses`, auth: 'bearer' },
      ],
      models: {
        kind: 'live',
        url: `${GLOBAL}/api/coding/paas/v4/models`,
        auth: 'bearer',
        parse: parseModelList(),
      },
      // The quota endpoint answers HTTP 200 to a bad key as well, with `"success": false` in the body.
      verify: [
        { url: `${GLOBAL}/api/monitor/usage/quota/limit`, auth: 'bearer' },
        { url: `${GLOBAL}/api/coding/paas/v4/models`, auth: 'bearer' },
      ],
      reportsQuota: true,
      quirks,
      quota: {
        probes: [{ url: `${GLOBAL}/api/monitor/usage/quota/limit`, auth: 'bearer' }],
        parse: readQuota,
      },
      catalog: { facts: ['zai-coding-plan', 'zhipuai-coding-plan'], prices: ['zai', 'zhipuai'] },
      failures: FAILURES,
      sessionHeader: null,
    },
    {
      // https://docs.z.ai/api-reference/introduction
      code: 'api',
      name: 'API',
      billing: 'METERED',
      credential: 'API_KEY',
      secretHint: '<id>.<secret>',
      foreignSecrets: [],
      termsNotice: null,
      plans: [],
      regions: REGIONS,
      endpoints: [{ protocol: 'OPENAI_CHAT', url: `${GLOBAL}/api/paas/v4/chat/completions`, auth: 'bearer' }],
      models: { kind: 'live', url: `${GLOBAL}/api/paas/v4/models`, auth: 'bearer', parse: parseModels },
      verify: [{ url: `${GLOBAL}/api/paas/v4/models`, auth: 'bearer' }],
      reportsQuota: false,
      quirks,
      catalog: { facts: ['zai', 'zhipuai'], prices: ['zai', 'zhipuai'] },
      failures: FAILURES,
      sessionHeader: null,
    },
  ],
});

/**
 * https://docs.z.ai/api-reference/llm/chat-completion and https://docs.z.ai/guides/capabilities/thinking-mode. It documents
 * `tool_choice: "auto"` only; UNCONFIRMED whether others are refused, so that they are sent.
 */
function quirks(upstreamId: string): Quirks {
  return {
    maxTokensField: 'max_tokens',
    ...controlOf(upstreamId),
    replays: 'reasoning_content',
    noDeveloperRole: true,
    responseFormat: 'json_object',
    stopMax: 1,
    temperatureMax: 1,
  };
}

/** 5.3 always thinks and takes three efforts, 5.2 takes efforts and can be told not to think, those before only the latter. */
function controlOf(upstreamId: string): Quirks {
  if (/^glm-5\.[3-9]/.test(upstreamId)) return { efforts: ['low', 'high', 'max'] };
  if (upstreamId.startsWith('glm-5.2')) {
    return {
      reasoningControl: 'thinking-type',
      efforts: ['minimal', 'low', 'medium', 'high', 'xhigh', 'max'],
    };
  }
  return { reasoningControl: 'thinking-type' };
}
