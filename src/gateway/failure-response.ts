/** What a client is told when every attempt failed: a status its SDK reacts to properly, for each class of failure. */
import type { UpstreamFailure } from '../domain/failure.js';

export function statusOfFailure(failure: UpstreamFailure): number {
  switch (failure.class) {
    case 'RATE_LIMITED':
    case 'QUOTA_EXHAUSTED':
    case 'FAIR_USE':
      return 429; // Too Many Requests
    case 'BILLING':
    case 'PLAN_INACTIVE':
      return 402; // Payment Required
    case 'CLIENT_REFUSED':
      return 403; // Forbidden
    case 'MODEL_NOT_FOUND':
      return 404; // Not Found
    case 'INVALID_REQUEST':
      // The provider's own word where it is one about the request.
      return failure.httpStatus !== null && [400, 413, 415, 422].includes(failure.httpStatus)
        ? failure.httpStatus
        : 400;
    case 'CONTENT_POLICY':
    case 'CONTEXT_LENGTH':
      return 400; // Bad Request
    case 'TIMEOUT':
      return 504; // Gateway Timeout
    case 'CANCELLED':
      return 499; // Client Closed Request; never sent, since nobody is there to read it
    case 'UPSTREAM_ERROR':
      return failure.httpStatus === 503 || failure.httpStatus === 529 ? 503 : 502;
    // The provider refused OUR credential: the client's own key is fine, so this must not look like a 401 to it.
    case 'AUTHENTICATION':
    case 'INCOMPLETE_ANSWER':
    case 'NETWORK':
    case 'INTERRUPTED':
      return 502; // Bad Gateway
  }
}
