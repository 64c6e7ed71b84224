/** Anthropic messages. https://docs.anthropic.com/en/api/messages */
import type { ClientDialect, ProviderDialect, RepairPassthrough } from '../dialect.js';
import type { Protocol } from '../protocol.js';
import { writeAnswer } from './client-answer.js';
import { readRequest as readCanonicalRequest } from './client-request.js';
import { createStreamWriter } from './client-stream.js';
import { errors } from './failure.js';
import { readAnswer } from './provider-answer.js';
import { writeRequest } from './provider-request.js';
import { createStreamDecoder } from './provider-stream.js';
import { repairPassthrough } from './repair.js';
import { readRequest } from './request.js';
import { isAnswer, usageOfAnswer } from './response.js';
import { createStreamReader } from './stream.js';

export { estimateInputTokens } from './count-tokens.js';

export const anthropicMessages: Protocol = {
  id: 'ANTHROPIC_MESSAGES',
  readRequest,
  usageOfAnswer,
  isAnswer,
  createStreamReader,
  errors,
};

export const anthropicMessagesClient: ClientDialect = {
  protocol: 'ANTHROPIC_MESSAGES',
  readRequest: readCanonicalRequest,
  writeAnswer,
  createStreamWriter,
};

export const anthropicMessagesProvider: ProviderDialect = {
  protocol: 'ANTHROPIC_MESSAGES',
  writeRequest,
  readAnswer,
  createStreamDecoder,
};

export const anthropicMessagesRepair: RepairPassthrough = repairPassthrough;
