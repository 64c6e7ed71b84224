/** MiniMax: the Token Plan (once called Coding Plan) and the API paid per token, outside China and in it. */
import type { Quirks } from '../../protocols/target.js';
import {
  defineProvider,
  type Endpoint,
  type FailureRule,
  type ModelSource,
  type Region,
} from '../define-provider.js';
import { isFields, known, parseModelList } from '../model-list.js';
import { chatAt, messagesAt } from '../openai-compatible.js';
import {
  amountOf,
  instantOf,
  itemsAt,
  type QuotaContext,
  type QuotaStatement,
  type StatedWindow,
  statedWindow,
} from '../plan-quota.js';

const API = 'https://api.minimax.io';
const SITE = 'https://www.minimax.io';
const CN = 'https://api.minimaxi.com';

const REGIONS: readonly Region[] = [
  { code: 'intl', name: 'International (minimax.io)', origins: {} },
  { code: 'cn', name: 'Mainland China (minimaxi.com)', origins: { [API]: CN, [SITE]: CN } },
];

/** MiniMax recommends the Messages format: https://platform.minimax.io/docs/api-reference/text-anthropic-api. */
const ENDPOINTS: readonly [Endpoint, ...Endpoint[]] = [
  messagesAt(`${API}/anthropic/v1`),
  chatAt(`${API}/v1`),
];

const LIST = { url: `${API}/anthropic/v1/models?limit=100`, auth: 'bearer' } as const;

/** Anthropic's list shape: pages, and nothing but names. */
const MODELS: ModelSource = {
  kind: 'live',
  ...LIST,
  parse: parseModelList((entry) => ({
    upstreamId: entry.id,
    ...known({ displayName: entry.text('display_name') }),
  })),
  nextPage: (body) =>
    isFields(body) && body['has_more'] === true && typeof body['last_id'] === 'string'
      ? `${LIST.url}&after_id=${encodeURIComponent(body['last_id'])}`
      : null,
};

/**
 * Business codes: https://platform.minimax.io/docs/api-reference/errorcode. They come as `base_resp.status_code` with
 * HTTP 200, or in brackets at the end of a message in Anthropic's form.
 */
const FAILURES: readonly FailureRule[] = [
  { codes: ['1004', '2049'], class: 'AUTHENTICATION' },
  { message: /\((?:1004|2049)\)/, class: 'AUTHENTICATION' },
  { codes: ['1008'], class: 'BILLING' },
  { message: /\(1008\)|insufficient balance/i, class: 'BILLING' },
  { codes: ['2056'], class: 'QUOTA_EXHAUSTED' },
  { message: /\(2056\)|plan usage limit/i, class: 'QUOTA_EXHAUSTED' },
  // Requests, tokens, connections, growth of the rate.
  { codes: ['1002', '1039', '1041', '2045'], class: 'RATE_LIMITED' },
  { message: /\((?:1002|1039|1041|2045)\)/, class: 'RATE_LIMITED' },
  { codes: ['1026', '1027'], class: 'CONTENT_POLICY' },
  { message: /\((?:1026|1027)\)/, class: 'CONTENT_POLICY' },
  { codes: ['1001'], class: 'TIMEOUT' },
  { codes: ['2013'], message: /unknown model|model.*not (?:exist|support)/i, class: 'MODEL_NOT_FOUND' },
  { codes: ['2013'], message: /context window/i, class: 'CONTEXT_LENGTH' },
  { codes: ['2013'], class: 'INVALID_REQUEST' },
  // UNCONFIRMED: a model that the plan does not include.
  { codes: ['2061'], class: 'MODEL_NOT_FOUND' },
  { message: /\(2061\)/, class: 'MODEL_NOT_FOUND' },
  { message: /\(2064\)/, class: 'UPSTREAM_ERROR' },
];

export const provider = defineProvider({
  slug: 'minimax',
  name: 'MiniMax',
  aliases: ['minimaxi', 'minimax-coding-plan'],
  kind: 'LAB',
  consoleUrl: 'https://platform.minimax.io/user-center/basic-information/interface-key',
  offerings: [
    {
      // https://platform.minimax.io/docs/token-plan/intro
      code: 'token-plan',
      name: 'Token Plan',
      billing: 'SUBSCRIPTION',
      credential: 'API_KEY',
      secretHint: 'sk-cp-…',
      foreignSecrets: [{ pattern: /^sk-api-/, belongsTo: "MiniMax's API, paid per token" }],
      termsNotice:
        'The Token Plan key is made for coding tools and works with the plan only. Its limits are shared with the other ' +
        'products of the account that use the plan.',
      // UNCONFIRMED: the prices were changed several times and differ by region.
      plans: [
        { code: 'plus', name: 'Plus', monthlyPriceUsd: '20' },
        { code: 'max', name: 'Max', monthlyPriceUsd: '50' },
        { code: 'ultra', name: 'Ultra', monthlyPriceUsd: '120' },
      ],
      regions: REGIONS,
      endpoints: ENDPOINTS,
      models: MODELS,
      // A bad key is told with HTTP 200 and a business code.
      verify: [{ url: `${SITE}/v1/token_plan/remains`, auth: 'bearer' }, LIST],
      verifyAnswer: withoutPlan,
      reportsQuota: true,
      quirks,
      quota: { probes: [{ url: `${SITE}/v1/token_plan/remains`, auth: 'bearer' }], parse: readQuota },
      catalog: { facts: ['minimax-coding-plan'], prices: ['minimax'] },
      failures: FAILURES,
      sessionHeader: null,
    },
    {
      code: 'api',
      name: 'API',
      billing: 'METERED',
      credential: 'API_KEY',
      secretHint: 'sk-api-…',
      foreignSecrets: [{ pattern: /^sk-cp-/, belongsTo: "MiniMax's Token Plan" }],
      termsNotice: null,
      plans: [],
      regions: REGIONS,
      endpoints: ENDPOINTS,
      models: MODELS,
      verify: [LIST],
      reportsQuota: false,
      quirks,
      catalog: { facts: ['minimax'], prices: ['minimax'] },
      failures: FAILURES,
      sessionHeader: null,
    },
  ],
});

/** Row of the models that chat; accounts of before have one by the name of the model instead. */
const CHAT_ROW = /^(?:general$|MiniMax-)/i;
const NOT_IN_PLAN = 3;

/**
 * https://platform.minimax.io/docs/token-plan/faq. The length of the short window differs between plans, and is stated by
 * its ends. Newer plans count nothing and state what is left in percent; of the counts, `usage_count` is what is left
 * outside China and what was used in it.
 */
function readQuota([body]: readonly unknown[], { now, region }: QuotaContext): QuotaStatement {
  const rows = itemsAt(body, 'model_remains');
  const included = rows.filter((row) => row['current_interval_status'] !== NOT_IN_PLAN);
  const chat = included.find(({ model_name: name }) => CHAT_ROW.test(String(name)));
  return {
    windows: chat
      ? [
          ...readWindow(chat, 'current_interval', [chat['start_time'], chat['end_time']], region, now),
          ...readWindow(
            chat,
            'current_weekly',
            [chat['weekly_start_time'], chat['weekly_end_time']],
            region,
            now,
          ),
        ]
      : [],
    active: rows.length > 0 ? included.length > 0 : null,
  };
}

function readWindow(
  row: Readonly<Record<string, unknown>>,
  prefix: string,
  [from, to]: readonly [unknown, unknown],
  region: string | null,
  now: number,
): readonly StatedWindow[] {
  if (row[`${prefix}_status`] === NOT_IN_PLAN) return [];
  const [start, end] = [instantOf(from, now), instantOf(to, now)];
  if (start === null || end === null || end <= start) return [];
  const facts = { windowSeconds: Math.round((end - start) / 1000), resetsAt: end };
  const left = amountOf(row[`${prefix}_remaining_percent`]);
  if (left !== null) {
    return left > 100 ? [] : statedWindow({ ...facts, unit: 'SHARE', percentUsed: 100 - left }, now);
  }
  const count = row[`${prefix}_usage_count`];
  const limit = row[`${prefix}_total_count`];
  const counted = region === 'cn' ? { used: count } : { remaining: count };
  return statedWindow({ ...facts, unit: 'REQUESTS', limit, ...counted }, now);
}

/** Rows of what is not in the plan have status 3; an account without a plan has no others. */
function withoutPlan(body: unknown): { class: 'PLAN_INACTIVE'; message: string } | null {
  const rows = isFields(body) ? body['model_remains'] : undefined;
  if (!Array.isArray(rows)) return null;
  const included = rows.some((row) => isFields(row) && row['current_interval_status'] !== 3);
  return included
    ? null
    : { class: 'PLAN_INACTIVE', message: 'The account behind this key has no active MiniMax Token Plan.' };
}

/**
 * https://platform.minimax.io/docs/api-reference/text-openai-api: M2 always thinks, M3 thinks as it sees fit (UNCONFIRMED: how
 * chat switches it off), and temperatures above 1 are an error.
 */
function quirks(): Quirks {
  return { reasoningControl: 'none', replays: 'signature', temperatureMax: 1 };
}
