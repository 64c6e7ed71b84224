/** What `/metrics` answers: the process's own figures, and usage as it is recorded. */
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { StoredUsageEvent } from '../domain/usage.js';

export interface RecorderFigures {
  readonly records: number;
  readonly seconds: number;
}

export interface Metrics {
  readonly registry: Registry;
  /** Counts events that were committed. Labels are the operator's own few names, so their number is bounded. */
  countUsage(events: readonly StoredUsageEvent[]): void;
}

/** Seconds; from a cached answer to a long thought. */
const DURATION_BUCKETS_SECONDS = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 180, 600];

export function createMetrics(lag: () => RecorderFigures): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const requests = new Counter({
    name: 'switchyard_requests_total',
    help: 'Requests recorded, by how they ended',
    labelNames: ['provider', 'billing', 'status'] as const,
    registers,
  });
  const tokens = new Counter({
    name: 'switchyard_tokens_total',
    help: 'Tokens recorded, in disjoint classes',
    labelNames: ['provider', 'class'] as const,
    registers,
  });
  const duration = new Histogram({
    name: 'switchyard_request_duration_seconds',
    help: 'Time to the last byte of recorded requests',
    labelNames: ['provider'] as const,
    buckets: DURATION_BUCKETS_SECONDS,
    registers,
  });
  new Gauge({
    name: 'switchyard_recorder_lag_records',
    help: 'Journal records that are not in the database yet',
    registers,
    collect() {
      this.set(lag().records);
    },
  });
  new Gauge({
    name: 'switchyard_recorder_lag_seconds',
    help: 'Age of the oldest request that waits for its commit',
    registers,
    collect() {
      this.set(lag().seconds);
    },
  });
  return {
    registry,
    countUsage(events) {
      for (const event of events) {
        const provider = event.provider ?? '';
        requests.inc({ provider, billing: event.billing ?? '', status: event.status });
        tokens.inc({ provider, class: 'input' }, event.tokens.input);
        tokens.inc({ provider, class: 'cache_read' }, event.tokens.cacheRead);
        tokens.inc({ provider, class: 'cache_write' }, event.tokens.cacheWrite);
        tokens.inc({ provider, class: 'output' }, event.tokens.output);
        duration.observe({ provider }, event.durationMs / 1000);
      }
    },
  };
}
