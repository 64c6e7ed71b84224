/** Quirks that models bring along to whoever serves them, as their makers document them. */
import type { Quirks } from '../protocols/target.js';

/**
 * Families that are shown their own thoughts again on turns that called tools. DeepSeek, Kimi and MiMo answer 400 without
 * them; GLM and MiniMax think worse: https://api-docs.deepseek.com/guides/thinking_mode,
 * https://platform.moonshot.ai/docs/guide/use-kimi-k2-thinking-model,
 * https://platform.xiaomimimo.com/docs/en-US/usage-guide/passing-back-reasoning_content,
 * https://docs.z.ai/guides/capabilities/thinking-mode, https://docs.vllm.ai/en/latest/features/interleaved_thinking.
 */
const REPLAYS =
  /deepseek-(?:v3\.2|v[4-9]|chat|reasoner|flash|pro)|kimi|(?:^|\/)k[23](?:p\d|-|$)|mimo-v|glm-(?:4\.[5-9]|[5-9])|minimax-m[2-9]/i;

/** For those who serve models of many makers as they are. What they do not know of a message they pass over. */
export function replayQuirks(upstreamId: string): Quirks {
  return REPLAYS.test(upstreamId) ? { replays: 'reasoning_content' } : {};
}

/** Sampling that Kimi fixes: other values are an error. */
const KIMI_FIXED = ['temperature', 'top_p', 'presence_penalty', 'frequency_penalty'];

/**
 * Kimi at its own maker's. How it thinks: https://platform.moonshot.ai/docs/guide/use-thinking-effort. K3 takes efforts and
 * always thinks, K2.7 always thinks, K2.5 and K2.6 can be told not to; where they think, a forced `tool_choice` is refused.
 * Pictures: https://platform.moonshot.ai/docs/guide/use-kimi-vision-model. The role `developer` is UNCONFIRMED.
 */
export function kimiQuirks(upstreamId: string): Quirks {
  const general: Quirks = { noImageUrls: true, noDeveloperRole: true };
  // Models from before it thought.
  if (/^moonshot-v1|k2-(?:\d{4}|turbo)/.test(upstreamId)) return { ...general, reasoningControl: 'none' };
  const thinking: Quirks = { ...general, replays: 'reasoning_content', refusedFields: KIMI_FIXED };
  if (/k3/.test(upstreamId)) {
    return { ...thinking, efforts: ['low', 'high', 'max'], toolChoiceAutoOnly: true };
  }
  return /k2(?:\.|p)[56]/.test(upstreamId)
    ? { ...thinking, reasoningControl: 'thinking-type', forcedToolsEndThinking: true }
    : { ...thinking, reasoningControl: 'none', toolChoiceAutoOnly: true };
}

/**
 * Claude: https://platform.claude.com/docs/en/about-claude/models/migration-guide. From 4.6 on it decides itself how long to
 * think, from 4.7 on a budget and sampling are errors.
 */
export function claudeQuirks(upstreamId: string): Quirks {
  const version = claudeVersion(upstreamId);
  const general: Quirks = { replays: 'signature', temperatureMax: 1 };
  if (version < 4.6) return general;
  if (version < 4.7) {
    return { ...general, reasoningControl: 'adaptive', efforts: ['none', 'low', 'medium', 'high', 'max'] };
  }
  return {
    ...general,
    reasoningControl: 'adaptive',
    efforts: ['none', 'low', 'medium', 'high', 'xhigh', 'max'],
    refusedFields: ['temperature', 'top_p', 'top_k'],
  };
}

/** `claude-opus-4-7` is 4.7, `claude-sonnet-5` is 5; 0 for the names of before, whose number stands in front. */
function claudeVersion(upstreamId: string): number {
  const [, major, minor] = /claude-[a-z]+-(\d{1,2})(?:[-.](\d{1,2}))?(?!\d)/.exec(upstreamId) ?? [];
  return major === undefined ? 0 : Number(`${major}.${minor ?? '0'}`);
}

/**
 * OpenAI's own models: https://platform.openai.com/docs/guides/reasoning and
 * https://platform.openai.com/docs/guides/latest-model. Those that reason refuse sampling and stop sequences; from 5.1 on
 * sampling is taken by requests that do not ask for reasoning, so that it is left to them.
 */
export function gptQuirks(upstreamId: string): Quirks {
  const general: Quirks = { maxTokensField: 'max_completion_tokens', stopMax: 4 };
  const id = upstreamId.replace(/^.*\//, '');
  if (/^o\d/.test(id)) {
    return { ...general, efforts: ['low', 'medium', 'high'], refusedFields: [...GPT_SAMPLING, 'stop'] };
  }
  const [, minor] = /^gpt-5(?:\.(\d+))?/.exec(id) ?? [null];
  // Chat models, and those from before reasoning, answer "Unrecognized request argument" to an effort.
  if (!id.startsWith('gpt-5') || id.includes('-chat')) {
    return /^gpt-(?:[6-9]|oss)/.test(id) ? general : { ...general, reasoningControl: 'none' };
  }
  if (id.includes('-pro')) {
    const efforts = minor === undefined ? (['high'] as const) : (['medium', 'high', 'xhigh'] as const);
    return { ...general, efforts, refusedFields: [...GPT_SAMPLING, 'stop'] };
  }
  if (minor === undefined) {
    const efforts = ['minimal', 'low', 'medium', 'high'] as const;
    return { ...general, efforts, refusedFields: [...GPT_SAMPLING, 'stop'] };
  }
  return { ...general, efforts: gptEfforts(id, Number(minor)), refusedFields: ['stop'] };
}

const GPT_SAMPLING = ['temperature', 'top_p', 'presence_penalty', 'frequency_penalty'];

function gptEfforts(id: string, minor: number): NonNullable<Quirks['efforts']> {
  const most = minor > 1 || id.includes('-max') ? (['xhigh'] as const) : [];
  const least = id.includes('codex') ? [] : (['none'] as const);
  return [...least, 'low', 'medium', 'high', ...most];
}
