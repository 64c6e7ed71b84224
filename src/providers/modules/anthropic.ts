/** Anthropic's API, paid per token. Consumer plans of Claude sign in by other means, which are not for other programs. */
import { defineProvider, type ListedModel } from '../define-provider.js';
import { claudeQuirks } from '../family-quirks.js';
import { capabilitiesOf } from '../listed-facts.js';
import { isFields, known, type ListEntry, parseModelList } from '../model-list.js';
import { messagesAt } from '../openai-compatible.js';

const BASE = 'https://api.anthropic.com/v1';

/** A thousand is the most a page may have: https://platform.claude.com/docs/en/api/models/list. */
const LIST = {
  url: `${BASE}/models?limit=1000`,
  auth: 'x-api-key',
  headers: { 'anthropic-version': '2023-06-01' },
} as const;

export const provider = defineProvider({
  slug: 'anthropic',
  name: 'Anthropic',
  aliases: ['claude'],
  kind: 'LAB',
  consoleUrl: 'https://console.anthropic.com/settings/keys',
  offerings: [
    {
      code: 'api',
      name: 'API',
      billing: 'METERED',
      credential: 'API_KEY',
      secretHint: 'sk-ant-api…',
      foreignSecrets: [
        {
          pattern: /^sk-ant-(?:oat|ort|sid)/,
          belongsTo: "a Claude subscription's sign-in, whose terms forbid other programs",
        },
        { pattern: /^sk-ant-admin/, belongsTo: 'the administration of an Anthropic organization' },
      ],
      termsNotice: null,
      plans: [],
      regions: [],
      endpoints: [messagesAt(BASE, 'x-api-key')],
      countTokensUrl: `${BASE}/messages/count_tokens`,
      models: { kind: 'live', ...LIST, parse: parseModelList(readModel), nextPage },
      verify: [LIST],
      reportsQuota: false,
      quirks: claudeQuirks,
      catalog: { facts: ['anthropic'], prices: ['anthropic'] },
      failures: [
        { message: /credit balance is too low/i, class: 'BILLING' },
        // The limit that an organization set itself; it ends with the month.
        { message: /reached your specified API usage limits/i, class: 'QUOTA_EXHAUSTED', resetAt },
        // Counted per model: https://docs.claude.com/en/api/rate-limits.
        { types: ['rate_limit_error'], class: 'RATE_LIMITED', scope: 'MODEL' },
      ],
      sessionHeader: null,
    },
  ],
});

function readModel(entry: ListEntry): ListedModel {
  const able = entry.value('capabilities');
  const supports = (name: string): boolean | undefined => {
    const capability = isFields(able) ? able[name] : undefined;
    return isFields(capability) ? capability['supported'] === true : undefined;
  };
  return {
    upstreamId: entry.id,
    kind: 'CHAT',
    ...known({
      displayName: entry.text('display_name'),
      contextWindow: entry.count('max_input_tokens'),
      maxOutputTokens: entry.count('max_tokens'),
      capabilities: capabilitiesOf([
        ['VISION', supports('image_input')],
        ['REASONING', supports('thinking')],
        ['STRUCTURED_OUTPUT', supports('structured_outputs')],
      ]),
    }),
  };
}

function nextPage(body: unknown): string | null {
  if (!isFields(body) || body['has_more'] !== true || typeof body['last_id'] !== 'string') return null;
  return `${LIST.url}&after_id=${encodeURIComponent(body['last_id'])}`;
}

function resetAt(message: string): number | null {
  const [, day, time] = /regain access on (\d{4}-\d{2}-\d{2}) at (\d{2}:\d{2}) UTC/.exec(message) ?? [];
  return day && time ? Date.parse(`${day}T${time}Z`) : null;
}
