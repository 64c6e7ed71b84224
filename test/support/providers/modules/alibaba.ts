/** Alibaba Cloud Model Studio: three doors with keys of their own, errors in three spellings, usage behind the finish chunk. */
import { chatAnswer, type ChatUsageStyle } from '../chat-answer.js';
import { firstOf, forcedToolWhileThinking, unknownRole } from '../objections.js';
import {
  generationRoute,
  listRoute,
  messagesRoute,
  openAiError,
  embeddingsRoute,
} from '../openai-compatible.js';
import { responsesAnswer } from '../responses-answer.js';
import {
  inAnthropicForm,
  type RecordedFailure,
  refusal,
  type SimulatedModel,
  type SimulatedRoute,
  type Simulation,
} from '../simulation.js';

/** The finish chunk says `"usage": null`; the numbers follow on a chunk without choices. */
const USAGE: ChatUsageStyle = {
  place: 'own-chunk',
  unasked: false,
  nulls: true,
  cached: 'details',
  reasoning: true,
};

/** DashScope's own error form. */
const own = (code: string, message: string): unknown => ({
  code,
  message,
  request_id: '7c1b8b6e-0000-9000-8000-000000000000',
});

const failures = {
  // The lists are on DashScope's own gateway, which answers with HTTP 200.
  'bad-key-with-200': {
    status: 200,
    body: own('InvalidApiKey', 'Invalid API-key provided.'),
    class: 'AUTHENTICATION',
  },
  'bad-key': {
    status: 401,
    body: openAiError(
      'Incorrect API key provided. For details, see: https://help.aliyun.com/zh/model-studio/error-code',
      'invalid_request_error',
      'invalid_api_key',
    ),
    class: 'AUTHENTICATION',
  },
  'key-of-another-product': {
    status: 401,
    body: openAiError('invalid access token or token expired', 'invalid_request_error'),
    class: 'AUTHENTICATION',
  },
  'client-refused': {
    status: 403,
    body: openAiError('Coding Plan is currently only available for Coding Agents', 'invalid_request_error'),
    class: 'CLIENT_REFUSED',
  },
  'five-hour-wall': {
    status: 429,
    body: openAiError('hour allocated quota exceeded.', 'insufficient_quota', 'insufficient_quota'),
    class: 'QUOTA_EXHAUSTED',
  },
  'weekly-wall': {
    status: 429,
    body: openAiError('week allocated quota exceeded.', 'insufficient_quota', 'insufficient_quota'),
    class: 'QUOTA_EXHAUSTED',
  },
  'token-plan-wall': {
    status: 429,
    body: own(
      'Throttling.AllocationQuota',
      'Your token-plan 1-week quota has been exhausted. The quota will reset at 08-18 10:07:00 UTC.',
    ),
    class: 'QUOTA_EXHAUSTED',
  },
  concurrency: {
    status: 429,
    body: openAiError('concurrency allocated quota exceeded.', 'insufficient_quota', 'insufficient_quota'),
    class: 'RATE_LIMITED',
  },
  'token-rate-limit': {
    status: 429,
    body: openAiError(
      'You exceeded your current quota, please check your plan and billing details.',
      'insufficient_quota',
      'insufficient_quota',
    ),
    class: 'RATE_LIMITED',
  },
  'rate-limit': {
    status: 429,
    body: own('Throttling.RateQuota', 'Requests rate limit exceeded, please try again later.'),
    class: 'RATE_LIMITED',
  },
  overdue: {
    status: 400,
    body: openAiError(
      'Access denied, please make sure your account is in good standing.',
      'Arrearage',
      'Arrearage',
    ),
    class: 'BILLING',
  },
  'unknown-model': {
    status: 404,
    body: openAiError('Model not exist.', 'invalid_request_error', 'model_not_found'),
    class: 'MODEL_NOT_FOUND',
  },
  'model-not-in-plan': {
    status: 400,
    body: openAiError("model 'qwen-max' is not supported", 'invalid_request_error'),
    class: 'MODEL_NOT_FOUND',
  },
  'unsafe-content': {
    status: 400,
    body: openAiError(
      'Input data may contain inappropriate content.',
      'data_inspection_failed',
      'data_inspection_failed',
    ),
    class: 'CONTENT_POLICY',
  },
  'prompt-too-long': {
    status: 400,
    body: own('InvalidParameter', 'Range of input length should be [1, 983616]'),
    class: 'CONTEXT_LENGTH',
  },
  'server-error': {
    status: 500,
    body: own('InternalError', 'An internal error has occurred.'),
    class: 'UPSTREAM_ERROR',
  },
} satisfies Record<string, RecordedFailure>;

type Refuse = SimulatedRoute['refuse'];

/** The Coding Plan lets in no other key. */
const refusePlan: Refuse = (state) =>
  refusal(failures[state === 'wrongProduct' ? 'key-of-another-product' : 'bad-key']);
/** Paths that are the Token Plan's on one host and the API's on another: here they are one, and let both in. */
const refuseUnknown: Refuse = (state) => (state === 'wrongProduct' ? null : refusePlan(state));

/** Lists answer on DashScope's own gateway. */
const list = (path: string, offering: string, refuse: Refuse): SimulatedRoute => {
  const route = listRoute(path, {
    refuse: (state) => (state === 'wrongProduct' ? refuse(state) : refusal(failures['bad-key-with-200'])),
  });
  const included = ({ offerings }: SimulatedModel): boolean => offerings?.includes(offering) ?? true;
  return { ...route, serve: (call) => route.serve({ ...call, models: call.models.filter(included) }) };
};

const invalidParameter = (message: string): unknown =>
  openAiError(message, 'invalid_request_error', 'invalid_parameter_error');

const objects = firstOf(
  unknownRole('developer', () =>
    invalidParameter("developer is not one of ['system', 'assistant', 'user', 'tool', 'function']"),
  ),
  forcedToolWhileThinking(() =>
    invalidParameter(
      '<400> InternalError.Algo.InvalidParameter: The tool_choice parameter does not support being set to required or ' +
        'object in thinking mode',
    ),
  ),
);

const chat = (path: string, refuse: Refuse): SimulatedRoute =>
  generationRoute(path, refuse, (call) => {
    const objection = objects(call.body);
    return objection ? refusal(objection) : chatAnswer(call, 'alibaba', USAGE);
  });

/** Code and message are kept, whatever form they were in. */
function phraseForMessages(failure: RecordedFailure): RecordedFailure {
  if (failure.status < 400) return failure;
  const body = failure.body as { error?: Record<string, unknown> } & Record<string, unknown>;
  const { code, message } = body.error ?? body;
  return inAnthropicForm(failure, { ...(typeof code === 'string' && { code }), message });
}

const messages = (path: string): SimulatedRoute => ({
  ...messagesRoute(path, 'alibaba', refusePlan),
  phrase: phraseForMessages,
});

const CODING = ['coding-plan'];
const ELSEWHERE = ['token-plan', 'api'];

export const simulation: Simulation = {
  slug: 'alibaba',
  origins: {
    'coding-plan': ['https://coding-intl.dashscope.aliyuncs.com', 'https://coding.dashscope.aliyuncs.com'],
    'token-plan': [
      'https://token-plan.ap-southeast-1.maas.aliyuncs.com',
      'https://token-plan.cn-beijing.maas.aliyuncs.com',
    ],
    api: [
      'https://dashscope-intl.aliyuncs.com',
      'https://dashscope-us.aliyuncs.com',
      'https://dashscope.aliyuncs.com',
    ],
  },
  keys: {
    good: 'sk-sp-00000000000000000000000000goodkey',
    bad: 'sk-sp-0000000000000000000000000unknown0',
    wrongProduct: 'sk-0000000000000000000000000paypertoken',
  },
  models: [
    { id: 'qwen3.7-max' },
    { id: 'qwen3.7-plus' },
    { id: 'qwen3.6-plus' },
    { id: 'qwen3-coder-next', offerings: CODING },
    { id: 'glm-5' },
    { id: 'kimi-k2.5' },
    { id: 'MiniMax-M2.5' },
    { id: 'glm-5.2', offerings: ELSEWHERE },
    { id: 'deepseek-v4-pro', offerings: ELSEWHERE },
    { id: 'qwen-image-2.0', kind: 'OTHER', offerings: ELSEWHERE },
    { id: 'wan2.7-image', kind: 'OTHER', offerings: ELSEWHERE },
    { id: 'qwen3-max', offerings: ELSEWHERE },
    { id: 'qwen3-asr-flash', kind: 'OTHER', offerings: ELSEWHERE },
    { id: 'qwen3-omni-flash-realtime', kind: 'OTHER', offerings: ELSEWHERE },
    { id: 'text-embedding-v4', kind: 'EMBEDDING', offerings: ELSEWHERE },
  ],
  routes: [
    list('/v1/models', 'coding-plan', refusePlan),
    chat('/v1/chat/completions', refusePlan),
    messages('/apps/anthropic/v1/messages'),
    list('/compatible-mode/v1/models', 'api', refuseUnknown),
    chat('/compatible-mode/v1/chat/completions', refuseUnknown),
    embeddingsRoute('/compatible-mode/v1/embeddings', 'alibaba', refuseUnknown),
    generationRoute('/compatible-mode/v1/responses', refuseUnknown, (call) =>
      responsesAnswer(call, 'alibaba'),
    ),
  ],
  failures,
  verdicts: {
    'coding-plan': { bad: 'AUTHENTICATION', wrongProduct: 'AUTHENTICATION' },
    'token-plan': { bad: 'AUTHENTICATION', wrongProduct: null },
    api: { bad: 'AUTHENTICATION', wrongProduct: null },
  },
};
