/** Gemini's generateContent, as providers speak it. https://ai.google.dev/api/generate-content */
import type { ProviderDialect } from '../dialect.js';
import { readAnswer } from './provider-answer.js';
import { writeRequest } from './provider-request.js';
import { createStreamDecoder } from './provider-stream.js';

export const geminiProvider: ProviderDialect = {
  protocol: 'GEMINI',
  writeRequest,
  readAnswer,
  createStreamDecoder,
};
