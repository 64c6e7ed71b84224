/** Chutes: open models on a decentralised cloud, under a subscription. */
import type { Quirks } from '../../protocols/target.js';
import { defineProvider, type ListedModel } from '../define-provider.js';
import { replayQuirks } from '../family-quirks.js';
import { capabilitiesOf, kindOfOutput, names } from '../listed-facts.js';
import { known, type ListEntry } from '../model-list.js';
import { openAiCompatible } from '../openai-compatible.js';
import {
  amountOf,
  fieldsAt,
  instantOf,
  monthSecondsBefore,
  type QuotaContext,
  type QuotaStatement,
  statedWindow,
} from '../plan-quota.js';

const LLM = 'https://llm.chutes.ai/v1';
const ACCOUNT = 'https://api.chutes.ai';

// https://chutes.ai/docs
export const provider = defineProvider({
  slug: 'chutes',
  name: 'Chutes',
  aliases: ['chutes.ai', 'chutes-ai'],
  kind: 'AGGREGATOR',
  consoleUrl: 'https://chutes.ai/app/api',
  offerings: [
    openAiCompatible({
      code: 'subscription',
      name: 'Subscription',
      billing: 'SUBSCRIPTION',
      secretHint: 'cpk_…',
      termsNotice:
        'Beyond the plan, Chutes charges the balance of the account. Models run on machines of independent operators; those ' +
        'whose id ends in "-TEE" run sealed off from them.',
      plans: [
        { code: 'plus', name: 'Plus', monthlyPriceUsd: '10' },
        { code: 'pro', name: 'Pro', monthlyPriceUsd: '20' },
      ],
      base: LLM,
      readModel,
      // The list is public. An account without a plan is accepted: it has free requests or a balance.
      verify: [
        { url: `${ACCOUNT}/users/me/subscription_usage`, auth: 'bearer' },
        { url: `${LLM}/models`, auth: 'bearer' },
      ],
      reportsQuota: true,
      quirks,
      quota: {
        probes: [{ url: `${ACCOUNT}/users/me/subscription_usage`, auth: 'bearer' }],
        parse: readQuota,
      },
      catalog: { facts: ['chutes'], prices: ['chutes'] },
      failures: [
        // UNCONFIRMED: said when the plan is used up and there is no balance behind it. It passes when the plan renews.
        { message: /quota exceeded/i, class: 'QUOTA_EXHAUSTED' },
        { status: 429, message: /quota|subscription|usage limit/i, class: 'QUOTA_EXHAUSTED' },
        // UNCONFIRMED wording: every instance of the one model is busy.
        { message: /maximum capacity/i, class: 'RATE_LIMITED', scope: 'MODEL' },
      ],
    }),
  ],
});

/** UNCONFIRMED names of fields: https://github.com/steipete/CodexBar/blob/main/docs/chutes.md. */
function readQuota([body]: readonly unknown[], { now }: QuotaContext): QuotaStatement {
  const { active } = fieldsAt(body, 'subscription');
  const rolling = fieldsAt(body, 'rolling_window');
  const monthly = fieldsAt(body, 'monthly');
  const minutes = amountOf(rolling['window_minutes']);
  const unit = (value: unknown): 'REQUESTS' | 'CREDITS' => (value === 'requests' ? 'REQUESTS' : 'CREDITS');
  return {
    windows: [
      ...statedWindow(
        {
          windowSeconds: minutes && minutes * 60,
          unit: unit(rolling['unit']),
          limit: rolling['limit'],
          used: rolling['requests'] ?? rolling['used'],
          resetsAt: rolling['reset_at'] ?? rolling['resets_at'],
        },
        now,
      ),
      ...statedWindow(
        {
          name: 'monthly',
          windowSeconds: monthSecondsBefore(instantOf(monthly['resets_at'], now)),
          unit: unit(monthly['unit']),
          limit: monthly['limit'],
          used: monthly['used'],
          resetsAt: monthly['resets_at'],
        },
        now,
      ),
    ],
    active: typeof active === 'boolean' ? active : null,
  };
}

/** Prices are left to the catalogue: the list states them without saying per how many tokens. */
function readModel(entry: ListEntry): ListedModel {
  const features = entry.value('supported_features');
  return {
    upstreamId: entry.id,
    ...known({
      kind: kindOfOutput(entry.value('output_modalities')),
      contextWindow: entry.count('context_length') ?? entry.count('max_model_len'),
      maxOutputTokens: entry.count('max_output_length'),
      capabilities: capabilitiesOf([
        ['VISION', names(entry.value('input_modalities'), 'image')],
        ['REASONING', names(features, 'reasoning')],
        ['TOOLS', names(features, 'tools')],
        ['STRUCTURED_OUTPUT', names(features, 'structured_outputs', 'json_mode')],
      ]),
    }),
  };
}

/** https://chutes.ai/docs: vLLM and SGLang behind one door. UNCONFIRMED: the role `developer`, which templates may not know. */
function quirks(upstreamId: string): Quirks {
  return { ...replayQuirks(upstreamId), maxTokensField: 'max_tokens', noDeveloperRole: true };
}
