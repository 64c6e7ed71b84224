/** What is said of an operation: to its caller in `extensions`, to the log, to monitoring. */
import type { Logger } from '../observability/logger.js';
import { Counter, Gauge, type Registry } from 'prom-client';
import type { GraphqlContext } from './context.js';
import type { PublicError } from './errors.js';
import type { CostReport } from './guard/guard.js';
import type { LiveStats } from './live-stats.js';

/** `extensions` of every answer, on both transports. */
export function extensionsOf(operation: {
  readonly requestId: string;
  /** Null for a caller nobody knows. */
  readonly cost: CostReport | null;
}): Record<string, unknown> {
  const { requestId, cost } = operation;
  return { requestId, ...(cost && { cost }) };
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

/** How an operation went. Never its variables: they may hold secrets. */
export interface OperationOutcome {
  readonly transport: 'http' | 'websocket';
  readonly type: string;
  readonly name: string | null | undefined;
  readonly durationMs: number;
  readonly codes: readonly unknown[];
}

export function logOperation(logger: Logger, context: GraphqlContext, outcome: OperationOutcome): void {
  const { requestId, caller, cost } = context;
  const { name, durationMs, ...rest } = outcome;
  logger.info(
    {
      requestId,
      actor: caller.actor.id,
      operation: name ?? 'anonymous',
      cost: cost.requested,
      durationMs: Math.round(durationMs),
      ...rest,
    },
    'operation',
  );
}

/** Live subscriptions as monitoring sees them. */
export function measureLive(registry: Registry, live: LiveStats): void {
  new Gauge({
    name: 'switchyard_live_subscribers',
    help: 'Subscriptions open now.',
    registers: [registry],
    collect() {
      this.set(live.subscribers);
    },
  });
  new Counter({
    name: 'switchyard_live_events_dropped_total',
    help: 'Events lost to subscribers that read too slowly.',
    registers: [registry],
    collect() {
      this.reset();
      this.inc(live.dropped);
    },
  });
}
