/** The Moonshot Open Platform: usage inside the finishing choice, and a list that states what its models can do. */
import { firstOf, forcedToolWhileThinking, missingThoughts } from '../objections.js';
import { openAiCompatibleSimulation, plainEntry } from '../openai-compatible.js';

const error = (type: string, message: string): unknown => ({ error: { message, type } });

/** UNCONFIRMED: the second wording. */
const WHILE_THINKING = firstOf(
  missingThoughts((index) =>
    error(
      'invalid_request_error',
      `thinking is enabled but reasoning_content is missing in assistant tool call message at index ${index}`,
    ),
  ),
  forcedToolWhileThinking(() =>
    error('invalid_request_error', "tool_choice 'required' is incompatible with thinking enabled"),
  ),
);

export const simulation = openAiCompatibleSimulation({
  slug: 'moonshot',
  origins: { api: ['https://api.moonshot.ai', 'https://api.moonshot.cn'] },
  keys: {
    good: 'sk-GoodGoodGoodGoodGoodGoodGoodGoodGoodGoodGood0000',
    bad: 'sk-UnknownUnknownUnknownUnknownUnknownUnknown000000',
    wrongProduct: 'sk-kimi-CodingPlanKeyCodingPlanKeyCoding',
  },
  base: '/v1',
  messagesPath: '/anthropic/v1/messages',
  usage: { place: 'finish-choice', unasked: true, cached: 'top-level' },
  listed: (model) => ({
    ...plainEntry(model),
    owned_by: 'moonshot',
    context_length: model.contextWindow,
    supports_image_in: model.vision ?? false,
    supports_video_in: model.vision ?? false,
    supports_reasoning: model.reasoning ?? false,
  }),
  objects: (body) => (/k2\.\d/.test(String(body['model'])) ? WHILE_THINKING(body) : null),
  models: [
    { id: 'kimi-k2.6', contextWindow: 262_144, vision: true, reasoning: true },
    { id: 'kimi-k2.7-code', contextWindow: 262_144, vision: true, reasoning: true },
    { id: 'kimi-k2-0905-preview', contextWindow: 262_144 },
    { id: 'moonshot-v1-128k', contextWindow: 131_072 },
  ],
  failures: {
    'bad-key': {
      status: 401,
      body: error('invalid_authentication_error', 'Invalid Authentication'),
      class: 'AUTHENTICATION',
    },
    'unknown-model': {
      status: 404,
      body: error('resource_not_found_error', 'Not found the model no-such-model or Permission denied'),
      class: 'MODEL_NOT_FOUND',
    },
    'no-balance': {
      status: 429,
      body: error(
        'exceeded_current_quota_error',
        'Your account org-0123456789abcdef is suspended due to insufficient balance, please recharge your account',
      ),
      class: 'BILLING',
    },
    'rate-limit': {
      status: 429,
      body: error(
        'rate_limit_reached_error',
        'Your account reached organization max RPM: 3, please try again after 1 seconds',
      ),
      headers: { 'retry-after': '1' },
      class: 'RATE_LIMITED',
    },
    overloaded: {
      status: 429,
      body: error('engine_overloaded_error', 'The engine is currently overloaded, please try again later'),
      class: 'RATE_LIMITED',
    },
    'prompt-too-long': {
      status: 400,
      body: error(
        'invalid_request_error',
        'Invalid request: Your request exceeded model token limit: 262144',
      ),
      class: 'CONTEXT_LENGTH',
    },
    'unsafe-content': {
      status: 400,
      body: error('content_filter', 'The request was rejected because it was considered high risk'),
      class: 'CONTENT_POLICY',
    },
  },
});
