/** Errors in Responses: the body as everywhere at OpenAI, and in a stream what each client takes for a failure. */
import type { JsonObject } from '../dialect.js';
import { errors as chatErrors } from '../openai-chat/failure.js';
import type { DialectError, ErrorDialect } from '../protocol.js';

/**
 * Codes of a failed response, with the type an error object names beside them. Codex compacts on the first, gives up on the
 * second and the third, waits as long as the message says on the fourth, and tries again on any other.
 */
const WORDS: Partial<Record<DialectError['code'], readonly [type: string, code: string]>> = {
  CONTEXT_LENGTH: ['invalid_request_error', 'context_length_exceeded'],
  QUOTA_EXHAUSTED: ['insufficient_quota', 'insufficient_quota'],
  BILLING: ['insufficient_quota', 'insufficient_quota'],
  PLAN_INACTIVE: ['insufficient_quota', 'insufficient_quota'],
  CONTENT_POLICY: ['invalid_request_error', 'invalid_prompt'],
  INVALID_REQUEST: ['invalid_request_error', 'invalid_prompt'],
  BAD_REQUEST: ['invalid_request_error', 'invalid_prompt'],
  RATE_LIMITED: ['rate_limit_error', 'rate_limit_exceeded'],
  FAIR_USE: ['rate_limit_error', 'rate_limit_exceeded'],
};
const OTHER = ['server_error', 'server_error'] as const;

export const errors: ErrorDialect = {
  body: (error) => chatErrors.body(error),
  frame: (error) =>
    failureFrames(error, 0, {
      id: `resp_${error.requestId}`,
      object: 'response',
      incomplete_details: null,
      output: [],
      usage: null,
    }),
};

/**
 * The frames that end a stream as failed, numbered from `sequence`. Codex and those who follow the documentation react to
 * `response.failed`; OpenAI's SDKs hand that on like any event and throw only on a frame with an `error` of its own.
 */
export function failureFrames(error: DialectError, sequence: number, response: JsonObject): string {
  const [type, code] = WORDS[error.code] ?? OTHER;
  const said = { code, message: error.message };
  return (
    frameOf('response.failed', sequence, { response: { ...response, status: 'failed', error: said } }) +
    frameOf('error', sequence + 1, { ...said, param: null, error: { type, ...said, param: null } })
  );
}

/** One event as a frame of its own. */
export function frameOf(type: string, sequence: number, fields: JsonObject): string {
  // Copying the fields beside the two would cost as much as writing them, and there is a frame for every token.
  const own = JSON.stringify(fields);
  const rest = own === '{}' ? '}' : `,${own.slice(1)}`;
  return `event: ${type}\ndata: {"type":"${type}","sequence_number":${sequence}${rest}\n\n`;
}
