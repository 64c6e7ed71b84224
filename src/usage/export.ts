/** Usage as files: events and hourly sums, read page by page while they are written out. */
import { EXPORT_PAGE_ROWS } from '../config/usage-limits.js';
import { formatUsd, type NanoUsd } from '../domain/money.js';
import { totalTokens, type TokenCounts } from '../domain/tokens.js';
import type { StoredUsageEvent } from '../domain/usage.js';
import type { Sql } from '../persistence/sql.js';
import { lastUsageSeq } from '../persistence/usage-events.js';
import {
  exportedEventsAfter,
  exportedRollupsAfter,
  type ExportedRollup,
} from '../persistence/usage-export.js';
import type { UsageFilter } from '../persistence/usage-filter.js';
import { headerOf, rowsToText, type ExportColumn, type ExportFormat } from './export-format.js';

/** What can be exported. */
export const EXPORT_SUBJECTS = ['usage-events', 'usage-rollups'] as const;

export type ExportSubject = (typeof EXPORT_SUBJECTS)[number];

export interface UsageExport {
  readonly subject: ExportSubject;
  readonly format: ExportFormat;
  /** Its range is that of the answer for events, and of the hour, in whole hours, for sums. */
  readonly filter: UsageFilter;
  readonly pageRows?: number;
}

/** The file in pieces of one page each, oldest first. Requests recorded after it began are not in it; sums may hold some. */
export function exportUsage(sql: Sql, workspaceId: string, request: UsageExport): AsyncGenerator<string> {
  return request.subject === 'usage-events'
    ? exportEvents(sql, workspaceId, request)
    : exportRollups(sql, workspaceId, request);
}

async function* exportEvents(sql: Sql, workspaceId: string, request: UsageExport): AsyncGenerator<string> {
  const { format, filter, pageRows = EXPORT_PAGE_ROWS } = request;
  const upTo = await lastUsageSeq(sql);
  yield headerOf(EVENT_COLUMNS, format);
  for (let after = 0, more = true; more;) {
    const page = await exportedEventsAfter(sql, workspaceId, { after, upTo }, pageRows, filter);
    yield rowsToText(EVENT_COLUMNS, page, format);
    after = page.at(-1)?.seq ?? after;
    more = page.length === pageRows;
  }
}

async function* exportRollups(sql: Sql, workspaceId: string, request: UsageExport): AsyncGenerator<string> {
  const { format, filter, pageRows = EXPORT_PAGE_ROWS } = request;
  yield headerOf(ROLLUP_COLUMNS, format);
  for (let after: ExportedRollup | null = null, more = true; more;) {
    const page: ExportedRollup[] = await exportedRollupsAfter(sql, workspaceId, after, pageRows, filter);
    yield rowsToText(ROLLUP_COLUMNS, page, format);
    after = page.at(-1) ?? after;
    more = page.length === pageRows;
  }
}

const EVENT_COLUMNS: readonly ExportColumn<StoredUsageEvent>[] = [
  { name: 'id', read: ({ id }) => id },
  { name: 'occurredAt', read: ({ occurredAt }) => instant(occurredAt) },
  { name: 'startedAt', read: ({ startedAt }) => instant(startedAt) },
  { name: 'requestId', read: ({ requestId }) => requestId, foreign: true },
  { name: 'requestedModel', read: ({ requestedModel }) => requestedModel, foreign: true },
  { name: 'modelRef', read: ({ modelRef }) => modelRef, foreign: true },
  { name: 'provider', read: ({ provider }) => provider, foreign: true },
  { name: 'offering', read: ({ offering }) => offering, foreign: true },
  { name: 'connectionId', read: ({ connectionId }) => connectionId },
  { name: 'billing', read: ({ billing }) => billing },
  { name: 'tier', read: ({ tierSlug }) => tierSlug, foreign: true },
  { name: 'accessKeyId', read: ({ accessKeyId }) => accessKeyId },
  { name: 'protocol', read: ({ protocol }) => protocol },
  { name: 'streamed', read: ({ streamed }) => streamed },
  { name: 'status', read: ({ status }) => status },
  { name: 'errorClass', read: ({ failure }) => failure?.class ?? null },
  { name: 'errorStatus', read: ({ failure }) => failure?.httpStatus ?? null },
  { name: 'errorMessage', read: ({ failure }) => failure?.message ?? null, foreign: true },
  ...tokenColumns<StoredUsageEvent>(),
  { name: 'tokenSource', read: ({ tokenSource }) => tokenSource },
  { name: 'costUsd', read: ({ costNanoUsd }) => usd(costNanoUsd) },
  { name: 'listCostUsd', read: ({ listCostNanoUsd }) => usd(listCostNanoUsd) },
  { name: 'durationMs', read: ({ durationMs }) => durationMs },
  { name: 'firstTokenMs', read: ({ firstTokenMs }) => firstTokenMs },
  { name: 'reason', read: ({ reason }) => reason, foreign: true },
];

const ROLLUP_COLUMNS: readonly ExportColumn<ExportedRollup>[] = [
  { name: 'hour', read: ({ hour }) => instant(hour) },
  { name: 'provider', read: ({ provider }) => known(provider), foreign: true },
  { name: 'offering', read: ({ offering }) => known(offering), foreign: true },
  { name: 'connectionId', read: ({ connectionId }) => known(connectionId) },
  { name: 'modelRef', read: ({ modelRef }) => known(modelRef), foreign: true },
  { name: 'tier', read: ({ tierSlug }) => known(tierSlug), foreign: true },
  { name: 'accessKeyId', read: ({ accessKeyId }) => known(accessKeyId) },
  { name: 'billing', read: ({ billing }) => known(billing) },
  { name: 'status', read: ({ status }) => status },
  { name: 'requests', read: ({ requests }) => requests },
  { name: 'attempts', read: ({ attempts }) => attempts },
  { name: 'failedAttempts', read: ({ failedAttempts }) => failedAttempts },
  ...tokenColumns<ExportedRollup>(),
  { name: 'costUsd', read: ({ costNanoUsd }) => usd(costNanoUsd) },
  { name: 'listCostUsd', read: ({ listCostNanoUsd }) => usd(listCostNanoUsd) },
  { name: 'savedUsd', read: ({ savedNanoUsd }) => usd(savedNanoUsd) },
  { name: 'unpricedRequests', read: ({ unpricedRequests }) => unpricedRequests },
];

function tokenColumns<Row extends { readonly tokens: TokenCounts }>(): ExportColumn<Row>[] {
  return [
    { name: 'inputTokens', read: ({ tokens }) => tokens.input },
    { name: 'cacheReadTokens', read: ({ tokens }) => tokens.cacheRead },
    { name: 'cacheWriteTokens', read: ({ tokens }) => tokens.cacheWrite },
    { name: 'outputTokens', read: ({ tokens }) => tokens.output },
    { name: 'reasoningTokens', read: ({ tokens }) => tokens.reasoning },
    { name: 'totalTokens', read: ({ tokens }) => totalTokens(tokens) },
  ];
}

function instant(ms: number): string {
  return new Date(ms).toISOString();
}

function usd(amount: NanoUsd | null): string | null {
  return amount === null ? null : formatUsd(amount);
}

/** Unknown dimensions of sums are the empty string. */
function known(value: string): string | null {
  return value === '' ? null : value;
}
