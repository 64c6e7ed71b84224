/** Anthropic messages. https://docs.anthropic.com/en/api/messages */
import type { Protocol } from '../protocol.js';
import { errors } from './failure.js';
import { readRequest } from './request.js';
import { isAnswer, usageOfAnswer } from './response.js';
import { createStreamReader } from './stream.js';

export const anthropicMessages: Protocol = {
  id: 'ANTHROPIC_MESSAGES',
  readRequest,
  usageOfAnswer,
  isAnswer,
  createStreamReader,
  errors,
};
