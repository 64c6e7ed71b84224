/** OpenAI chat completions. https://platform.openai.com/docs/api-reference/chat */
import type { ClientDialect, ProviderDialect } from '../dialect.js';
import type { Protocol } from '../protocol.js';
import { writeAnswer } from './client-answer.js';
import { readRequest as readClientRequest } from './client-request.js';
import { createStreamWriter } from './client-stream.js';
import { errors } from './failure.js';
import { readAnswer } from './provider-answer.js';
import { writeRequest } from './provider-request.js';
import { createStreamDecoder } from './provider-stream.js';
import { readRequest } from './request.js';
import { isAnswer, usageOfAnswer } from './response.js';
import { createStreamReader } from './stream.js';

export { openaiChatRepair } from './repair.js';

export const openaiChat: Protocol = {
  id: 'OPENAI_CHAT',
  readRequest,
  usageOfAnswer,
  isAnswer,
  createStreamReader,
  errors,
};

export const openaiChatClient: ClientDialect = {
  protocol: 'OPENAI_CHAT',
  readRequest: readClientRequest,
  writeAnswer,
  createStreamWriter,
};

export const openaiChatProvider: ProviderDialect = {
  protocol: 'OPENAI_CHAT',
  writeRequest,
  readAnswer,
  createStreamDecoder,
};
