/** Usage between its domain form and rows. Counts become numbers, which is checked; money stays exact. */
import type { UpstreamFailure } from '../domain/failure.js';
import { invariant } from '../domain/errors.js';
import type { NanoUsd } from '../domain/money.js';
import type { TokenCounts } from '../domain/tokens.js';
import type { StoredUsageEvent, UsageAttempt, UsageEvent } from '../domain/usage.js';
import type {
  Billing,
  FailureClass,
  MeasurementSource,
  UsageStatus,
  WireProtocol,
} from '../domain/vocabulary.js';

/** What a sum is kept apart by. Unknown dimensions are the empty string. */
export interface RollupKey {
  readonly workspaceId: string;
  /** Start of the hour in which the requests were answered, in milliseconds since the epoch. */
  readonly hour: number;
  readonly provider: string;
  readonly offering: string;
  readonly connectionId: string;
  readonly modelRef: string;
  readonly tierSlug: string;
  readonly accessKeyId: string;
  readonly billing: string;
  readonly status: UsageStatus;
}

/** Sums over requests; each request counts once, with all its attempts. */
export interface RollupSums {
  readonly requests: number;
  readonly attempts: number;
  readonly tokens: TokenCounts;
  readonly costNanoUsd: NanoUsd;
  readonly listCostNanoUsd: NanoUsd;
  /** List price minus charge, over attempts on a subscription with a known list price. */
  readonly savedNanoUsd: NanoUsd;
  /** Requests whose charge is unknown. */
  readonly unpricedRequests: number;
  /** Mergeable counts of milliseconds by bucket. */
  readonly durations: readonly number[];
  readonly firstTokens: readonly number[];
}

/** What events add to one sum. */
export interface RollupDelta {
  readonly key: RollupKey;
  readonly sums: RollupSums;
}

interface MeasuredRow {
  readonly error_class: FailureClass | null;
  readonly error_status: number | null;
  readonly error_message: string | null;
  readonly error_retry_at: Date | null;
  readonly input_tokens: bigint;
  readonly cache_read_tokens: bigint;
  readonly cache_write_tokens: bigint;
  readonly output_tokens: bigint;
  readonly reasoning_tokens: bigint | null;
  readonly token_source: MeasurementSource;
  readonly cost_nano_usd: bigint | null;
  readonly list_cost_nano_usd: bigint | null;
  readonly price_id: string | null;
  readonly duration_ms: number;
}

export interface UsageEventRow extends MeasuredRow {
  readonly id: string;
  readonly started_at: Date;
  readonly workspace_id: string;
  readonly seq: bigint;
  readonly occurred_at: Date;
  readonly request_id: string;
  readonly requested_model: string;
  readonly model_ref: string | null;
  readonly provider: string | null;
  readonly offering: string | null;
  readonly connection_id: string | null;
  readonly billing: Billing | null;
  readonly tier_id: string | null;
  readonly tier_slug: string | null;
  readonly access_key_id: string;
  readonly protocol: WireProtocol;
  readonly streamed: boolean;
  readonly status: UsageStatus;
  readonly first_token_ms: number | null;
  readonly reason: string | null;
}

export interface UsageAttemptRow extends MeasuredRow {
  readonly event_id: string;
  readonly position: number;
  readonly model_ref: string;
  readonly provider: string;
  readonly offering: string;
  readonly connection_id: string;
  readonly billing: Billing;
}

/** A count as a number. */
export function toCount(value: bigint): number {
  const count = Number(value);
  invariant(Number.isSafeInteger(count), `count ${value} is too large for a number`);
  return count;
}

export function eventOfRow(row: UsageEventRow): StoredUsageEvent {
  return {
    id: row.id,
    seq: toCount(row.seq),
    workspaceId: row.workspace_id,
    startedAt: row.started_at.getTime(),
    occurredAt: row.occurred_at.getTime(),
    requestId: row.request_id,
    requestedModel: row.requested_model,
    modelRef: row.model_ref,
    provider: row.provider,
    offering: row.offering,
    connectionId: row.connection_id,
    billing: row.billing,
    tierId: row.tier_id,
    tierSlug: row.tier_slug,
    accessKeyId: row.access_key_id,
    protocol: row.protocol,
    streamed: row.streamed,
    status: row.status,
    firstTokenMs: row.first_token_ms,
    reason: row.reason,
    ...measuredOf(row),
  };
}

export function attemptOfRow(row: UsageAttemptRow): UsageAttempt {
  return {
    modelRef: row.model_ref,
    provider: row.provider,
    offering: row.offering,
    connectionId: row.connection_id,
    billing: row.billing,
    ...measuredOf(row),
  };
}

/** As JSON for `jsonb_populate_recordset`; its place is drawn by the statement. */
export function rowOfEvent(event: UsageEvent): object {
  return {
    id: event.id,
    started_at: instant(event.startedAt),
    workspace_id: event.workspaceId,
    occurred_at: instant(event.occurredAt),
    request_id: event.requestId,
    requested_model: event.requestedModel,
    model_ref: event.modelRef,
    provider: event.provider,
    offering: event.offering,
    connection_id: event.connectionId,
    billing: event.billing,
    tier_id: event.tierId,
    tier_slug: event.tierSlug,
    access_key_id: event.accessKeyId,
    protocol: event.protocol,
    streamed: event.streamed,
    status: event.status,
    first_token_ms: event.firstTokenMs,
    reason: event.reason,
    ...measuredRow(event),
  };
}

/** As JSON for `jsonb_populate_recordset`, one row for each attempt. */
export function rowsOfAttempts(event: UsageEvent): object[] {
  return event.attempts.map((attempt, position) => ({
    event_id: event.id,
    position,
    started_at: instant(event.startedAt),
    workspace_id: event.workspaceId,
    model_ref: attempt.modelRef,
    provider: attempt.provider,
    offering: attempt.offering,
    connection_id: attempt.connectionId,
    billing: attempt.billing,
    ...measuredRow(attempt),
  }));
}

/** As JSON for `jsonb_populate_recordset`. */
export function rowOfRollup({ key, sums }: RollupDelta): object {
  return {
    workspace_id: key.workspaceId,
    hour: instant(key.hour),
    provider: key.provider,
    offering: key.offering,
    connection_id: key.connectionId,
    model_ref: key.modelRef,
    tier_slug: key.tierSlug,
    access_key_id: key.accessKeyId,
    billing: key.billing,
    status: key.status,
    requests: sums.requests,
    attempts: sums.attempts,
    ...tokenColumns(sums.tokens),
    cost_nano_usd: String(sums.costNanoUsd),
    list_cost_nano_usd: String(sums.listCostNanoUsd),
    saved_nano_usd: String(sums.savedNanoUsd),
    unpriced_requests: sums.unpricedRequests,
    duration_counts: sums.durations,
    first_token_counts: sums.firstTokens,
  };
}

/** The part that events and attempts have in common. */
type Measured = Pick<
  UsageAttempt,
  'failure' | 'tokens' | 'tokenSource' | 'costNanoUsd' | 'listCostNanoUsd' | 'priceId' | 'durationMs'
>;

function measuredOf(row: MeasuredRow): Measured {
  return {
    failure: failureOf(row),
    tokens: tokensOf(row),
    tokenSource: row.token_source,
    costNanoUsd: row.cost_nano_usd,
    listCostNanoUsd: row.list_cost_nano_usd,
    priceId: row.price_id,
    durationMs: row.duration_ms,
  };
}

function measuredRow(value: Measured): object {
  return {
    error_class: value.failure?.class ?? null,
    error_status: value.failure?.httpStatus ?? null,
    error_message: value.failure?.message ?? null,
    error_retry_at: instant(value.failure?.retryAt ?? null),
    ...tokenColumns(value.tokens),
    token_source: value.tokenSource,
    cost_nano_usd: value.costNanoUsd === null ? null : String(value.costNanoUsd),
    list_cost_nano_usd: value.listCostNanoUsd === null ? null : String(value.listCostNanoUsd),
    price_id: value.priceId,
    duration_ms: value.durationMs,
  };
}

function failureOf(row: MeasuredRow): UpstreamFailure | null {
  if (row.error_class === null) return null;
  return {
    class: row.error_class,
    httpStatus: row.error_status,
    message: row.error_message ?? '',
    retryAt: row.error_retry_at?.getTime() ?? null,
  };
}

/** Token classes of any row that has them. */
export function tokensOf(
  row: Pick<
    MeasuredRow,
    'input_tokens' | 'cache_read_tokens' | 'cache_write_tokens' | 'output_tokens' | 'reasoning_tokens'
  >,
): TokenCounts {
  return {
    input: toCount(row.input_tokens),
    cacheRead: toCount(row.cache_read_tokens),
    cacheWrite: toCount(row.cache_write_tokens),
    output: toCount(row.output_tokens),
    reasoning: row.reasoning_tokens === null ? null : toCount(row.reasoning_tokens),
  };
}

function tokenColumns(tokens: TokenCounts): object {
  return {
    input_tokens: tokens.input,
    cache_read_tokens: tokens.cacheRead,
    cache_write_tokens: tokens.cacheWrite,
    output_tokens: tokens.output,
    reasoning_tokens: tokens.reasoning,
  };
}

function instant(ms: number): string;
function instant(ms: number | null): string | null;
function instant(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
