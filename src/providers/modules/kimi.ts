/** Kimi Code, the coding plan of Moonshot AI. Its keys and those of the Moonshot Open Platform are not interchangeable. */
import type { ModelCapability } from '../../domain/vocabulary.js';
import { defineProvider, type ListedModel } from '../define-provider.js';
import { kimiQuirks } from '../family-quirks.js';
import { known, type ListEntry, parseModelList } from '../model-list.js';
import {
  DAY_SECONDS,
  fieldsAt,
  HOUR_SECONDS,
  itemsAt,
  type QuotaContext,
  type QuotaStatement,
  type StatedWindow,
  statedWindow,
  WEEK_SECONDS,
} from '../plan-quota.js';

const BASE = 'https://api.kimi.com';

// https://www.kimi.com/code/docs; prices and regions as its console and its own open-source clients state them.
export const provider = defineProvider({
  slug: 'kimi',
  name: 'Kimi',
  aliases: ['kimi-code', 'kimi-for-coding'],
  kind: 'LAB',
  consoleUrl: 'https://www.kimi.com/code/console',
  offerings: [
    {
      code: 'coding-plan',
      name: 'Kimi Code',
      billing: 'SUBSCRIPTION',
      credential: 'API_KEY',
      secretHint: 'sk-kimi-…',
      foreignSecrets: [
        // Open Platform keys have no dash behind the prefix; anything less certain is left to the provider to judge.
        { pattern: /^sk-[A-Za-z0-9]{40,}$/, belongsTo: 'the Moonshot Open Platform (pay per token)' },
      ],
      termsNotice:
        'Kimi Code is for coding agents only; Kimi refuses other clients by their user agent. Switchyard passes on the ' +
        'user agent of the calling client and never replaces it with that of another product.',
      plans: [
        { code: 'moderato', name: 'Moderato', monthlyPriceUsd: '19' },
        { code: 'allegretto', name: 'Allegretto', monthlyPriceUsd: '39' },
        { code: 'allegro', name: 'Allegro', monthlyPriceUsd: '99' },
        { code: 'vivace', name: 'Vivace', monthlyPriceUsd: '199' },
      ],
      regions: [
        { code: 'default', name: 'kimi.com', origins: {} },
        { code: 'global', name: 'Global (kimi.ai)', origins: { [BASE]: 'https://api.kimi.ai' } },
      ],
      endpoints: [
        { protocol: 'OPENAI_CHAT', url: `${BASE}/coding/v1/chat/completions`, auth: 'bearer' },
        { protocol: 'ANTHROPIC_MESSAGES', url: `${BASE}/coding/v1/messages`, auth: 'x-api-key' },
      ],
      models: {
        kind: 'live',
        url: `${BASE}/coding/v1/models`,
        auth: 'bearer',
        parse: parseModelList(readModel),
      },
      verify: [
        { url: `${BASE}/coding/v1/models`, auth: 'bearer' },
        { url: `${BASE}/coding/v1/usages`, auth: 'bearer' },
      ],
      reportsQuota: true,
      quirks: kimiQuirks,
      quota: { probes: [{ url: `${BASE}/coding/v1/usages`, auth: 'bearer' }], parse: readQuota },
      catalog: { facts: ['kimi-for-coding'], prices: ['moonshotai'] },
      catalogAliases: {
        k3: 'kimi-k3',
        'k3-256k': 'kimi-k3',
        k2p7: 'kimi-k2.7-code',
        k2p6: 'kimi-k2.6',
        k2p5: 'kimi-k2.5',
        'kimi-for-coding': 'kimi-k2.7-code',
        'kimi-for-coding-highspeed': 'kimi-k2.7-code-highspeed',
      },
      failures: [
        { types: ['access_terminated_error'], class: 'CLIENT_REFUSED' },
        { message: /do not have access to model/i, class: 'MODEL_NOT_FOUND' },
        // The walls share status and type with real permission errors; only the wording tells them apart.
        { message: /usage limit|quota will (?:be )?(?:reset|refreshed)/i, class: 'QUOTA_EXHAUSTED' },
        { types: ['exceeded_current_quota_error'], class: 'BILLING' },
        { types: ['rate_limit_reached_error'], class: 'RATE_LIMITED' },
        { types: ['engine_overloaded_error'], class: 'RATE_LIMITED', scope: 'MODEL' },
      ],
      sessionHeader: null,
    },
  ],
});

const TIME_UNITS: Readonly<Record<string, number>> = {
  TIME_UNIT_MINUTE: 60,
  TIME_UNIT_HOUR: HOUR_SECONDS,
  TIME_UNIT_DAY: DAY_SECONDS,
};

/**
 * `usage` is the week, `limits` are the shorter windows; models weigh differently, so the units are Kimi's own:
 * https://github.com/MoonshotAI/kimi-code/blob/main/packages/oauth/test/managed-usage.test.ts.
 */
function readQuota([body]: readonly unknown[], { now }: QuotaContext): QuotaStatement {
  const shorter = itemsAt(body, 'limits').flatMap((item) => {
    const { duration, timeUnit } = fieldsAt(item, 'window');
    const seconds = Number(duration) * (TIME_UNITS[String(timeUnit)] ?? Number.NaN);
    return seconds > 0 ? readAllowance(fieldsAt(item, 'detail'), seconds, now) : [];
  });
  return {
    windows: [...shorter, ...readAllowance(fieldsAt(body, 'usage'), WEEK_SECONDS, now)],
    active: null,
  };
}

/** Versions spell the reset differently. */
function readAllowance(
  detail: Readonly<Record<string, unknown>>,
  windowSeconds: number,
  now: number,
): readonly StatedWindow[] {
  const { limit, used, remaining } = detail;
  const resetsAt = detail['resetTime'] ?? detail['resetAt'] ?? detail['reset_at'] ?? detail['reset_time'];
  return statedWindow({ windowSeconds, unit: 'CREDITS', limit, used, remaining, resetsAt }, now);
}

function readModel(entry: ListEntry): ListedModel {
  const capabilities: ModelCapability[] = [];
  if (entry.flag('supports_reasoning')) capabilities.push('REASONING');
  if (entry.flag('supports_image_in')) capabilities.push('VISION');
  return {
    upstreamId: entry.id,
    ...known({
      displayName: entry.text('display_name'),
      contextWindow: entry.count('context_length'),
      capabilities: capabilities.length > 0 ? capabilities : undefined,
    }),
  };
}
