/** OpenAI embeddings, passed through as they are. https://platform.openai.com/docs/api-reference/embeddings */
import { errors } from '../openai-chat/failure.js';
import { createStreamReader } from '../openai-chat/stream.js';
import type { Protocol } from '../protocol.js';
import { isAnswer, usageOfAnswer } from './response.js';

export const openaiEmbeddings: Protocol = {
  id: 'OPENAI_EMBEDDINGS',
  // Never streamed, and usage is always stated.
  readRequest: () => ({ stream: false, usageEdits: [] }),
  usageOfAnswer,
  isAnswer,
  createStreamReader,
  errors,
};
