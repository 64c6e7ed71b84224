/** What answers say in passing about the plan they came through: read where a provider has it, told on sparingly. */
import type { IncomingHttpHeaders } from 'node:http';
import { QUOTA_HEADERS_INTERVAL_MS, QUOTA_HEADERS_REMEMBERED_MAX } from '../config/routing-limits.js';
import type { Clock } from '../domain/clock.js';
import type { HeaderReading } from '../domain/quota.js';
import type { RouteEntry } from '../routing/table.js';

export interface QuotaHeaders {
  see(route: RouteEntry, headers: IncomingHttpHeaders): void;
}

export interface QuotaHeadersOptions {
  readonly clock: Clock;
  readonly report: (reading: HeaderReading) => void;
}

export function createQuotaHeaders({ clock, report }: QuotaHeadersOptions): QuotaHeaders {
  /** When each connection was told about last; longest ago first. Monotonic. */
  const toldAt = new Map<string, number>();
  return {
    see({ connection, offering, workspaceId }, headers) {
      if (!offering.quotaOfHeaders) return;
      const now = clock.monotonic();
      const last = toldAt.get(connection.id);
      if (last !== undefined && now - last < QUOTA_HEADERS_INTERVAL_MS) return;
      const observedAt = clock.now();
      const windows = offering.quotaOfHeaders(singleValues(headers), observedAt);
      if (windows.length === 0) return;
      toldAt.delete(connection.id);
      toldAt.set(connection.id, now);
      const [oldest] = toldAt.keys();
      if (toldAt.size > QUOTA_HEADERS_REMEMBERED_MAX && oldest !== undefined) toldAt.delete(oldest);
      report({ workspaceId, connectionId: connection.id, windows, observedAt });
    },
  };
}

function singleValues(headers: IncomingHttpHeaders): Record<string, string | undefined> {
  const values: Record<string, string | undefined> = {};
  for (const name in headers) {
    const value = headers[name];
    if (typeof value === 'string') values[name] = value;
  }
  return values;
}
