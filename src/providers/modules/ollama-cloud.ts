/** Ollama Cloud: open models on Ollama's own machines. A local Ollama is another provider. */
import type { Quirks } from '../../protocols/target.js';
import { defineProvider } from '../define-provider.js';
import { parseModelList } from '../model-list.js';
import {
  amountOf,
  fieldsAt,
  HOUR_SECONDS,
  instantOf,
  type QuotaContext,
  type QuotaStatement,
  type StatedWindow,
  statedWindow,
  WEEK_SECONDS,
} from '../plan-quota.js';

const BASE = 'https://ollama.com';

// https://docs.ollama.com/cloud
export const provider = defineProvider({
  slug: 'ollama-cloud',
  name: 'Ollama Cloud',
  aliases: ['ollamacloud'],
  kind: 'AGGREGATOR',
  consoleUrl: 'https://ollama.com/settings/keys',
  offerings: [
    {
      code: 'cloud',
      name: 'Cloud',
      billing: 'SUBSCRIPTION',
      credential: 'API_KEY',
      secretHint: null,
      foreignSecrets: [],
      termsNotice: null,
      plans: [
        { code: 'free', name: 'Free', monthlyPriceUsd: '0' },
        { code: 'pro', name: 'Pro', monthlyPriceUsd: '20' },
        { code: 'max', name: 'Max', monthlyPriceUsd: null },
      ],
      regions: [],
      endpoints: [
        { protocol: 'OPENAI_CHAT', url: `${BASE}/v1/chat/completions`, auth: 'bearer' },
        { protocol: 'ANTHROPIC_MESSAGES', url: `${BASE}/v1/messages`, auth: 'bearer' },
      ],
      models: { kind: 'live', url: `${BASE}/v1/models`, auth: 'bearer', parse: parseModelList() },
      // Whether the list checks the key is UNCONFIRMED; the balance does: https://docs.ollama.com/api/balance. It allows
      // ten calls a minute and no query string.
      verify: [
        { url: `${BASE}/api/balance`, auth: 'bearer' },
        { url: `${BASE}/v1/models`, auth: 'bearer' },
      ],
      reportsQuota: true,
      // Ten calls a minute and user, shared with whatever else reads it.
      quota: {
        probes: [{ url: `${BASE}/api/balance`, auth: 'bearer' }],
        parse: readQuota,
        minIntervalMs: 60_000,
      },
      // Ollama sells no tokens; list prices are those of the models' makers.
      quirks,
      catalog: {
        facts: ['ollama-cloud'],
        prices: [
          'zai',
          'moonshotai',
          'minimax',
          'deepseek',
          'alibaba',
          'mistral',
          'google',
          'openai',
          'openrouter',
        ],
      },
      // Ollama names sizes after a colon, the others spell models out.
      catalogAliases: {
        'cogito-2.1:671b': 'cogito-v2.1-671b',
        'deepseek-v3.1:671b': 'deepseek-chat-v3.1',
        'devstral-2:123b': 'devstral-2512',
        'gemma3:4b': 'gemma-3-4b-it',
        'gemma3:12b': 'gemma-3-12b-it',
        'gemma3:27b': 'gemma-3-27b-it',
        'gemma4:31b': 'gemma-4-31b-it',
        'kimi-k2:1t': 'kimi-k2-0905-preview',
        'ministral-3:3b': 'ministral-3b-2512',
        'ministral-3:8b': 'ministral-8b-2512',
        'ministral-3:14b': 'ministral-14b-2512',
        'mistral-large-3:675b': 'mistral-large-2512',
        'nemotron-3-nano:30b': 'nemotron-3-nano-30b-a3b',
        'nemotron-3-super': 'nemotron-3-super-120b-a12b',
        'nemotron-3-ultra': 'nemotron-3-ultra-550b-a55b',
        'qwen3-coder:480b': 'qwen3-coder-480b-a35b-instruct',
        'qwen3-next:80b': 'qwen3-next-80b-a3b-instruct',
        'qwen3-vl:235b': 'qwen3-vl-235b-a22b-thinking',
        'qwen3-vl:235b-instruct': 'qwen3-vl-235b-a22b-instruct',
        'qwen3.5:397b': 'qwen3.5-397b-a17b',
      },
      failures: [
        { message: /reached your .*usage limit/i, class: 'QUOTA_EXHAUSTED' },
        // UNCONFIRMED wordings: a model above the account's plan, and a suspended account whose key is still valid.
        { message: /requires a subscription/i, class: 'MODEL_NOT_FOUND' },
        { message: /suspended/i, class: 'PLAN_INACTIVE' },
      ],
      sessionHeader: null,
    },
  ],
});

/**
 * https://docs.ollama.com/api/openai-compatibility: other efforts are an error, and other fields are passed over. Roles are
 * the model template's: instructions under `developer` would be lost without a word.
 */
function quirks(): Quirks {
  return {
    maxTokensField: 'max_tokens',
    efforts: ['none', 'low', 'medium', 'high'],
    noDeveloperRole: true,
    noImageUrls: true,
  };
}

/** https://docs.ollama.com/api/balance: a month's credit in dollars, or what is left of two windows on older plans. */
function readQuota([body]: readonly unknown[], { now }: QuotaContext): QuotaStatement {
  const older = [
    ...readShare(body, 'session', 5 * HOUR_SECONDS, now),
    ...readShare(body, 'weekly', WEEK_SECONDS, now),
  ];
  if (older.length > 0) return { windows: older, active: null };
  const { balance_usd: remaining, allowance_usd: limit } = fieldsAt(body, 'included');
  const { from, until } = fieldsAt(body, 'included', 'period');
  const [start, end] = [instantOf(from, now), instantOf(until, now)];
  const windowSeconds = start !== null && end !== null && end > start ? (end - start) / 1000 : null;
  const facts = { name: 'monthly', windowSeconds, unit: 'USD', limit, remaining, resetsAt: until } as const;
  return { windows: statedWindow(facts, now), active: null };
}

function readShare(
  body: unknown,
  field: string,
  windowSeconds: number,
  now: number,
): readonly StatedWindow[] {
  const stated = fieldsAt(body, 'included', field);
  const left = amountOf(stated['remaining_percent']);
  if (left === null || left > 100) return [];
  return statedWindow(
    { windowSeconds, unit: 'SHARE', percentUsed: 100 - left, resetsAt: stated['resets_at'] },
    now,
  );
}
