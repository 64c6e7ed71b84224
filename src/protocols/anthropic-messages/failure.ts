/** Errors in Anthropic's form. https://docs.anthropic.com/en/api/errors */
import type { DialectError, ErrorDialect } from '../protocol.js';

export const errors: ErrorDialect = {
  body: (error) => JSON.stringify(errorObject(error)),
  frame: (error) => `event: error\ndata: ${JSON.stringify(errorObject(error))}\n\n`,
};

function errorObject(error: DialectError): object {
  return {
    type: 'error',
    error: { type: typeOf(error), message: messageOf(error) },
    request_id: error.requestId,
  };
}

/** What it is decides before the status does: in a stream the status was 200 long ago. */
function typeOf({ code, status }: DialectError): string {
  switch (code) {
    case 'CONTEXT_LENGTH':
    case 'CONTENT_POLICY':
      return 'invalid_request_error';
    case 'PAYLOAD_TOO_LARGE':
      return 'request_too_large';
    case 'RATE_LIMITED':
    case 'QUOTA_EXHAUSTED':
    case 'FAIR_USE':
      return 'rate_limit_error';
    case 'BILLING':
    case 'PLAN_INACTIVE':
      return 'billing_error';
    case 'MODEL_NOT_FOUND':
      return 'not_found_error';
    case 'TIMEOUT':
      return 'timeout_error';
    default:
      return typeOfStatus(status);
  }
}

function typeOfStatus(status: number): string {
  switch (status) {
    case 400: // Bad Request
    case 405: // Method Not Allowed
    case 422: // Unprocessable Content
      return 'invalid_request_error';
    case 401: // Unauthorized
      return 'authentication_error';
    case 402: // Payment Required
      return 'billing_error';
    case 403: // Forbidden
      return 'permission_error';
    case 404: // Not Found
      return 'not_found_error';
    case 413: // Content Too Large
      return 'request_too_large';
    case 429: // Too Many Requests
      return 'rate_limit_error';
    case 503: // Service Unavailable
    case 529: // Anthropic's own: overloaded
      return 'overloaded_error';
    case 504: // Gateway Timeout
      return 'timeout_error';
    default:
      return status < 500 ? 'invalid_request_error' : 'api_error';
  }
}

const TOO_LONG = 'prompt is too long';

/** Agents compact their conversation when an error begins with Anthropic's own words for it, best with both numbers. */
function messageOf({ code, message }: DialectError): string {
  if (code !== 'CONTEXT_LENGTH' || message.toLowerCase().startsWith(TOO_LONG)) return message;
  const counts = message.match(/\b\d[\d,]{3,}\b/g)?.map((count) => Number(count.replaceAll(',', ''))) ?? [];
  const most = Math.max(...counts);
  const least = Math.min(...counts);
  if (counts.length < 2 || most === least) return `${TOO_LONG}: ${message}`;
  // The prompt is what exceeded, and the limit the smallest number that is not a share of it.
  const limit = limitOf(message) ?? least;
  return `${TOO_LONG}: ${most} tokens > ${limit} maximum: ${message}`;
}

/** The number said to be the limit, as in `maximum context length is 131072 tokens` or `limit of 72000`. */
function limitOf(message: string): number | null {
  const stated = /(?:maximum|limit|window|length)\D{0,40}?(\d[\d,]{3,})/i.exec(message)?.[1];
  return stated === undefined ? null : Number(stated.replaceAll(',', ''));
}
