/** Errors in OpenAI's form, with the types and codes its SDKs react to. */
import type { DialectError, ErrorDialect } from '../protocol.js';

/** `type` and `code` for each of our codes and failure classes that has a word of its own there. */
const WORDS: Partial<Record<DialectError['code'], readonly [type: string, code: string]>> = {
  UNAUTHENTICATED: ['invalid_request_error', 'invalid_api_key'],
  FORBIDDEN: ['invalid_request_error', 'model_not_allowed'],
  MODEL_NOT_FOUND: ['invalid_request_error', 'model_not_found'],
  MODEL_AMBIGUOUS: ['invalid_request_error', 'model_ambiguous'],
  MODEL_REQUIRED: ['invalid_request_error', 'model_required'],
  INVALID_JSON: ['invalid_request_error', 'invalid_json'],
  PAYLOAD_TOO_LARGE: ['invalid_request_error', 'request_too_large'],
  CONTEXT_LENGTH: ['invalid_request_error', 'context_length_exceeded'],
  CONTENT_POLICY: ['invalid_request_error', 'content_policy_violation'],
  RATE_LIMITED: ['rate_limit_error', 'rate_limit_exceeded'],
  QUOTA_EXHAUSTED: ['insufficient_quota', 'insufficient_quota'],
  BILLING: ['insufficient_quota', 'insufficient_quota'],
  PLAN_INACTIVE: ['insufficient_quota', 'insufficient_quota'],
  FAIR_USE: ['rate_limit_error', 'fair_use'],
};

export const errors: ErrorDialect = {
  body: (error) => JSON.stringify(errorObject(error)),
  frame: (error) => `data: ${JSON.stringify(errorObject(error))}\n\n`,
};

function errorObject(error: DialectError): object {
  const [type, code] = WORDS[error.code] ?? [
    error.status >= 500 ? 'server_error' : 'invalid_request_error',
    error.code.toLowerCase(),
  ];
  return { error: { message: error.message, type, param: error.param ?? null, code } };
}
