/** DeepSeek: usage on the finishing chunk with cache hits and misses, `null` before; every error has the same code. */
import { firstOf, forcedToolWhileThinking, missingThoughts, unknownRole } from '../objections.js';
import { openAiCompatibleSimulation, openAiError } from '../openai-compatible.js';

const error = (message: string, type = 'invalid_request_error'): unknown =>
  openAiError(message, type, 'invalid_request_error');

export const simulation = openAiCompatibleSimulation({
  slug: 'deepseek',
  origins: { api: ['https://api.deepseek.com'] },
  keys: {
    good: 'sk-00000000000000000000000000000900d',
    bad: 'sk-ffffffffffffffffffffffffffffff',
    wrongProduct: null,
  },
  base: '',
  messagesPath: '/anthropic/v1/messages',
  usage: { place: 'finish-chunk', unasked: true, nulls: true, cached: 'hit-and-miss', reasoning: true },
  objects: firstOf(
    unknownRole('developer', () =>
      error(
        'Failed to deserialize the JSON body into the target type: messages[0].role: unknown variant `developer`, expected ' +
          'one of `system`, `user`, `assistant`, `tool`',
      ),
    ),
    missingThoughts(() =>
      error('The `reasoning_content` in the thinking mode must be passed back to the API.'),
    ),
    forcedToolWhileThinking(() => error('Thinking mode does not support this tool_choice')),
  ),
  models: [
    { id: 'deepseek-v4-flash' },
    { id: 'deepseek-v4-pro' },
    { id: 'deepseek-chat' },
    { id: 'deepseek-reasoner' },
  ],
  failures: {
    'bad-key': {
      status: 401,
      body: error('Authentication Fails, Your api key: ****ffff is invalid', 'authentication_error'),
      class: 'AUTHENTICATION',
    },
    'no-balance': { status: 402, body: error('Insufficient Balance', 'unknown_error'), class: 'BILLING' },
    'unknown-model': { status: 400, body: error('Model Not Exist'), class: 'MODEL_NOT_FOUND' },
    'prompt-too-long': {
      status: 400,
      body: error(
        "This model's maximum context length is 131072 tokens. However, you requested 140001 tokens",
      ),
      class: 'CONTEXT_LENGTH',
    },
    'bad-parameter': {
      status: 400,
      body: error('Invalid max_tokens value, the valid range of max_tokens is [1, 8192]'),
      class: 'INVALID_REQUEST',
    },
  },
});
