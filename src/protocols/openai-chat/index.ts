/** OpenAI chat completions. https://platform.openai.com/docs/api-reference/chat */
import type { Protocol } from '../protocol.js';
import { errors } from './failure.js';
import { readRequest } from './request.js';
import { isAnswer, usageOfAnswer } from './response.js';
import { createStreamReader } from './stream.js';

export const openaiChat: Protocol = {
  id: 'OPENAI_CHAT',
  readRequest,
  usageOfAnswer,
  isAnswer,
  createStreamReader,
  errors,
};
