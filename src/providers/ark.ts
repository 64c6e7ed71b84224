/** What the two faces of ByteDance's Ark have in common: Volcengine in mainland China and BytePlus elsewhere. */
import type { ModelKind } from '../domain/vocabulary.js';
import type { Quirks } from '../protocols/target.js';
import type { FailureRule, ListedModel, PlanOffer } from './define-provider.js';
import { replayQuirks } from './family-quirks.js';
import { capabilitiesOf, names } from './listed-facts.js';
import { isFields, known, type ListEntry } from './model-list.js';
import { callsPublished } from './plan-quota.js';

/** Ark's error codes: https://www.volcengine.com/docs/82379/1299023 and https://docs.byteplus.com/en/docs/ModelArk/1299023. */
export const ARK_FAILURES: readonly FailureRule[] = [
  { codes: ['AccountQuotaExceeded'], class: 'QUOTA_EXHAUSTED', resetAt: resetTime },
  { codes: ['InvalidSubscription'], class: 'PLAN_INACTIVE' },
  { codes: ['AuthenticationError', 'InvalidAccountStatus'], class: 'AUTHENTICATION' },
  { codes: ['AccountOverdueError', 'QuotaExceeded', 'SetLimitExceeded'], class: 'BILLING' },
  // Status 403, but about the model: other models go on working with the same key.
  { codes: ['AccessDenied', 'OperationDenied.ServiceNotOpen'], class: 'MODEL_NOT_FOUND' },
  {
    codes: [
      'InvalidEndpointOrModel.NotFound',
      'InvalidEndpointOrModel.ModelIDAccessDisabled',
      'InvalidEndpoint.ClosedEndpoint',
      'ModelNotOpen',
      'UnsupportedModel',
    ],
    class: 'MODEL_NOT_FOUND',
  },
  {
    codes: [
      'InputTextRiskDetection',
      'InputImageRiskDetection',
      'OutputTextRiskDetection',
      'OutputImageRiskDetection',
      'SensitiveContentDetected',
      'SensitiveContentDetected.SevereViolation',
      'SensitiveContentDetected.Violence',
    ],
    class: 'CONTENT_POLICY',
  },
  // Short, per model, and told in many codes: RateLimitExceeded.EndpointRPMExceeded, ModelAccountTpmRateLimitExceeded …
  { codes: ['ServerOverloaded'], class: 'RATE_LIMITED', scope: 'MODEL' },
  { message: /rate limit/i, class: 'RATE_LIMITED', scope: 'MODEL' },
];

/** The plans' alias: the model that the operator chose in the console answers to it. */
export const ARK_CONSOLE_CHOICE: ListedModel = {
  upstreamId: 'ark-code-latest',
  displayName: 'Model chosen in the console',
  contextWindow: 256_000,
};

/** Sold in the currency of the place; no price in dollars is published. */
export const ARK_PLANS: readonly PlanOffer[] = [
  { code: 'lite', name: 'Lite', monthlyPriceUsd: null },
  { code: 'pro', name: 'Pro', monthlyPriceUsd: null },
];

/** Approximate: a call with many tokens counts as several. The time zone of the week is UNCONFIRMED. */
export const ARK_PUBLISHED_WINDOWS = {
  lite: callsPublished(1_200, 9_000, 18_000),
  pro: callsPublished(6_000, 45_000, 90_000),
};

/** Reads the platform's list, which states limits, modalities and what a model is for. Models that were shut down stay in it. */
export function readArkModel(entry: ListEntry): ListedModel | null {
  if (entry.text('status') === 'Shutdown') return null;
  const limits = fieldsOf(entry.value('token_limits'));
  const tools = fieldsOf(fieldsOf(entry.value('features'))['tools']);
  return {
    upstreamId: entry.id,
    ...known({
      kind: kindOf(entry.text('domain')),
      contextWindow: count(limits['context_window']),
      maxOutputTokens: count(limits['max_output_token_length']),
      capabilities: capabilitiesOf([
        ['VISION', names(fieldsOf(entry.value('modalities'))['input_modalities'], 'image')],
        ['REASONING', count(limits['max_reasoning_token_length']) !== undefined],
        ['TOOLS', tools['function_calling'] === true],
      ]),
    }),
  };
}

function kindOf(domain: string | undefined): ModelKind | undefined {
  if (domain === undefined) return undefined;
  if (domain === 'LLM' || domain === 'VLM') return 'CHAT';
  return domain === 'Embedding' ? 'EMBEDDING' : 'OTHER';
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return isFields(value) ? value : {};
}

function count(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? value : undefined;
}

/** Walls are announced as `… will reset at 2026-08-03 23:59:59 +0800 CST`. */
function resetTime(message: string): number | null {
  const match = /reset at (\d{4}-\d{2}-\d{2}) (\d{2}:\d{2}:\d{2}) ([+-]\d{2})(\d{2})/.exec(message);
  const time = match ? Date.parse(`${match[1]}T${match[2]}${match[3]}:${match[4]}`) : Number.NaN;
  return Number.isNaN(time) ? null : time;
}

/**
 * https://www.volcengine.com/docs/82379/1449737 and https://docs.byteplus.com/en/docs/ModelArk/1449737: all models that think
 * know `thinking`, Seed's also an effort. UNCONFIRMED for the models of other makers, which get no effort therefore.
 */
export function arkQuirks(upstreamId: string): Quirks {
  return {
    ...replayQuirks(upstreamId),
    // The other name counts the thoughts as well, and only newer models know it.
    maxTokensField: 'max_tokens',
    reasoningControl: 'thinking-type',
    ...(/seed-(?:1-[89]|[2-9])/.test(upstreamId) && { efforts: ['minimal', 'low', 'medium', 'high'] }),
  };
}
