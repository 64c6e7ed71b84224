/** OpenAI Responses. https://platform.openai.com/docs/api-reference/responses */
import type { ClientDialect, ProviderDialect } from '../dialect.js';
import type { Protocol } from '../protocol.js';
import { readRequest as readClientRequest } from './client-request.js';
import { createStreamWriter, writeAnswer } from './client-stream.js';
import { errors } from './failure.js';
import { readAnswer } from './provider-answer.js';
import { writeRequest } from './provider-request.js';
import { createStreamDecoder } from './provider-stream.js';
import { readRequest } from './request.js';
import { isAnswer, usageOfAnswer } from './response.js';
import { createStreamReader } from './stream.js';

export { repairPassthrough as openaiResponsesRepair } from './repair.js';

export const openaiResponses: Protocol = {
  id: 'OPENAI_RESPONSES',
  readRequest,
  usageOfAnswer,
  isAnswer,
  createStreamReader,
  errors,
};

export const openaiResponsesClient: ClientDialect = {
  protocol: 'OPENAI_RESPONSES',
  readRequest: readClientRequest,
  writeAnswer,
  createStreamWriter,
};

export const openaiResponsesProvider: ProviderDialect = {
  protocol: 'OPENAI_RESPONSES',
  writeRequest,
  readAnswer,
  createStreamDecoder,
};
