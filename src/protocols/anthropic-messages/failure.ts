/** Errors in Anthropic's form. https://docs.anthropic.com/en/api/errors */
import type { DialectError, ErrorDialect } from '../protocol.js';

export const errors: ErrorDialect = {
  body: (error) => JSON.stringify(errorObject(error)),
  frame: (error) => `event: error\ndata: ${JSON.stringify(errorObject(error))}\n\n`,
};

function errorObject(error: DialectError): object {
  return {
    type: 'error',
    error: { type: typeOf(error.status), message: error.message },
    request_id: error.requestId,
  };
}

function typeOf(status: number): string {
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
