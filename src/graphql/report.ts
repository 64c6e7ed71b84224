/** What is said of an operation: to its caller in `extensions`, to the log. */
import type { Logger } from '../observability/logger.js';
import type { PublicError } from './errors.js';
import type { CostReport } from './guard/guard.js';

/** `extensions` of every answer, on both transports. */
export function extensionsOf(operation: {
  readonly requestId: string;
  readonly cost?: CostReport | null;
  readonly context?: { readonly cost: CostReport | null } | null;
}): Record<string, unknown> {
  const cost = operation.cost ?? operation.context?.cost ?? null;
  return { requestId: operation.requestId, ...(cost && { cost }) };
}

/** Logs those errors that are not the caller's doing, with their cause. */
export function logFaults(
  logger: Logger,
  requestId: string | undefined,
  errors: readonly PublicError[],
): void {
  for (const { cause, formatted } of errors) {
    if (cause === null) continue;
    logger.error({ err: cause, requestId, path: formatted.path }, 'an operation failed');
  }
}
