/** How requests are retried unless a tier says otherwise. */
import type { FailureClass } from '../domain/vocabulary.js';

/** Failures that another way to serve the request need not share. Mistakes of the caller are the same everywhere. */
export const DEFAULT_RETRY_ON: readonly FailureClass[] = [
  'AUTHENTICATION',
  'RATE_LIMITED',
  'QUOTA_EXHAUSTED',
  'BILLING',
  'PLAN_INACTIVE',
  'FAIR_USE',
  'INCOMPLETE_ANSWER',
  'MODEL_NOT_FOUND',
  'CONTEXT_LENGTH',
  'UPSTREAM_ERROR',
  'TIMEOUT',
  'NETWORK',
];

/** Failures that the same request meets everywhere, or that nobody waits for any more: no tier may retry on them. */
export const NEVER_RETRIED: readonly FailureClass[] = [
  'INVALID_REQUEST',
  'CONTENT_POLICY',
  'CANCELLED',
  'INTERRUPTED',
];

/** Connections of one named model that are tried: more would keep a caller waiting whose model is down everywhere. */
export const NAMED_MODEL_ATTEMPTS_MAX = 5;

/** Attempts of a shipped tier: its targets are several ways to pay for few models, and a used-up plan answers at once. */
export const DEFAULT_TIER_ATTEMPTS = 5;
