/** Usage between its domain form and rows. Counts become numbers, which is checked; money stays exact. */
import type { UpstreamFailure } from '../domain/failure.js';
import { invariant } from '../domain/errors.js';
import { packHistogram, type Histogram } from '../domain/histogram.js';
import type { NanoUsd } from '../domain/money.js';
import type { TokenCounts } from '../domain/tokens.js';
import type { PassedOver, StoredUsageEvent, UsageAttempt, UsageEvent } from '../domain/usage.js';
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

/**
 * Sums over requests and over attempts. A request counts under the names of what answered it, an attempt with its tokens
 * and costs under the names of what was attempted.
 */
export interface RollupSums {
  readonly requests: number;
  readonly attempts: number;
  readonly failedAttempts: number;
  readonly tokens: TokenCounts;
  readonly costNanoUsd: NanoUsd;
  readonly listCostNanoUsd: NanoUsd;
  /** List price minus charge, over attempts on a subscription with a known list price. */
  readonly savedNanoUsd: NanoUsd;
  /** Requests whose charge is unknown. */
  readonly unpricedRequests: number;
  /** Tokens left out of the list cost, because the list price of their request is unknown. */
  readonly unlistedTokens: number;
  readonly durations: Histogram;
  readonly firstTokens: Histogram;
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
  readonly passed_over: readonly PassedOver[] | null;
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
  if (!Number.isSafeInteger(count)) invariant(false, `count ${value} is too large for a number`);
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
    passedOver: row.passed_over ?? [],
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

/** A column of many rows at once, which a statement takes as one array. */
export interface Column {
  readonly name: string;
  readonly type: string;
}

type Scalar = string | number | bigint | boolean | null;

interface ColumnOf<Row> extends Column {
  value(row: Row): Scalar;
}

/** An attempt where its event is at hand. */
interface AttemptOf {
  readonly event: UsageEvent;
  readonly attempt: UsageAttempt;
  readonly position: number;
}

/** Columns of `usage_event`, except its place, which the statement draws. */
const EVENT_VALUES: readonly ColumnOf<UsageEvent>[] = [
  { name: 'id', type: 'text', value: ({ id }) => id },
  { name: 'started_at', type: 'timestamptz', value: ({ startedAt }) => instant(startedAt) },
  { name: 'workspace_id', type: 'text', value: ({ workspaceId }) => workspaceId },
  { name: 'occurred_at', type: 'timestamptz', value: ({ occurredAt }) => instant(occurredAt) },
  { name: 'request_id', type: 'text', value: ({ requestId }) => requestId },
  { name: 'requested_model', type: 'text', value: ({ requestedModel }) => requestedModel },
  { name: 'model_ref', type: 'text', value: ({ modelRef }) => modelRef },
  { name: 'provider', type: 'text', value: ({ provider }) => provider },
  { name: 'offering', type: 'text', value: ({ offering }) => offering },
  { name: 'connection_id', type: 'text', value: ({ connectionId }) => connectionId },
  { name: 'billing', type: 'billing', value: ({ billing }) => billing },
  { name: 'tier_id', type: 'text', value: ({ tierId }) => tierId },
  { name: 'tier_slug', type: 'text', value: ({ tierSlug }) => tierSlug },
  { name: 'access_key_id', type: 'text', value: ({ accessKeyId }) => accessKeyId },
  { name: 'protocol', type: 'wire_protocol', value: ({ protocol }) => protocol },
  { name: 'streamed', type: 'boolean', value: ({ streamed }) => streamed },
  { name: 'status', type: 'usage_status', value: ({ status }) => status },
  { name: 'first_token_ms', type: 'int', value: ({ firstTokenMs }) => firstTokenMs },
  { name: 'reason', type: 'text', value: ({ reason }) => reason },
  {
    name: 'passed_over',
    type: 'jsonb',
    value: ({ passedOver }) => (passedOver.length === 0 ? null : JSON.stringify(passedOver)),
  },
  ...measuredValues<UsageEvent>((event) => event),
];

/** Columns of `usage_attempt`. */
const ATTEMPT_VALUES: readonly ColumnOf<AttemptOf>[] = [
  { name: 'event_id', type: 'text', value: ({ event }) => event.id },
  { name: 'position', type: 'int', value: ({ position }) => position },
  { name: 'started_at', type: 'timestamptz', value: ({ event }) => instant(event.startedAt) },
  { name: 'workspace_id', type: 'text', value: ({ event }) => event.workspaceId },
  { name: 'model_ref', type: 'text', value: ({ attempt }) => attempt.modelRef },
  { name: 'provider', type: 'text', value: ({ attempt }) => attempt.provider },
  { name: 'offering', type: 'text', value: ({ attempt }) => attempt.offering },
  { name: 'connection_id', type: 'text', value: ({ attempt }) => attempt.connectionId },
  { name: 'billing', type: 'billing', value: ({ attempt }) => attempt.billing },
  ...measuredValues<AttemptOf>(({ attempt }) => attempt),
];

/** Names and types of what {@link columnsOf} answers, the events' first. */
export const EVENT_COLUMNS: readonly Column[] = EVENT_VALUES;
export const ATTEMPT_COLUMNS: readonly Column[] = ATTEMPT_VALUES;

/** Events and their attempts as one array per column, each as Postgres writes arrays. */
export function columnsOf(events: readonly UsageEvent[]): string[] {
  const attempts = events.flatMap((event) =>
    event.attempts.map((attempt, position): AttemptOf => ({ event, attempt, position })),
  );
  return [
    ...EVENT_VALUES.map(({ value }) => arrayOf(events, value)),
    ...ATTEMPT_VALUES.map(({ value }) => arrayOf(attempts, value)),
  ];
}

/** Written here because the driver's own way takes ten times as long, and more than all else that is done for an event. */
function arrayOf<Row>(rows: readonly Row[], valueOf: (row: Row) => Scalar): string {
  let text = '';
  for (const row of rows) {
    const value = valueOf(row);
    if (value === null) text += ',NULL';
    else if (typeof value === 'string')
      text += `,"${/["\\]/.test(value) ? value.replace(/["\\]/g, '\\$&') : value}"`;
    else text += `,${value}`;
  }
  return `{${text.slice(1)}}`;
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
    failed_attempts: sums.failedAttempts,
    ...tokenColumns(sums.tokens),
    cost_nano_usd: String(sums.costNanoUsd),
    list_cost_nano_usd: String(sums.listCostNanoUsd),
    saved_nano_usd: String(sums.savedNanoUsd),
    unpriced_requests: sums.unpricedRequests,
    unlisted_tokens: sums.unlistedTokens,
    duration_counts: packHistogram(sums.durations),
    first_token_counts: packHistogram(sums.firstTokens),
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

function measuredValues<Row>(of: (row: Row) => Measured): ColumnOf<Row>[] {
  const column = (name: string, type: string, value: (measured: Measured) => Scalar): ColumnOf<Row> => ({
    name,
    type,
    value: (row) => value(of(row)),
  });
  return [
    column('error_class', 'failure_class', ({ failure }) => failure?.class ?? null),
    column('error_status', 'int', ({ failure }) => failure?.httpStatus ?? null),
    column('error_message', 'text', ({ failure }) => failure?.message ?? null),
    column('error_retry_at', 'timestamptz', ({ failure }) => instant(failure?.retryAt ?? null)),
    column('input_tokens', 'bigint', ({ tokens }) => tokens.input),
    column('cache_read_tokens', 'bigint', ({ tokens }) => tokens.cacheRead),
    column('cache_write_tokens', 'bigint', ({ tokens }) => tokens.cacheWrite),
    column('output_tokens', 'bigint', ({ tokens }) => tokens.output),
    column('reasoning_tokens', 'bigint', ({ tokens }) => tokens.reasoning),
    column('token_source', 'measurement_source', ({ tokenSource }) => tokenSource),
    column('cost_nano_usd', 'bigint', ({ costNanoUsd }) => costNanoUsd),
    column('list_cost_nano_usd', 'bigint', ({ listCostNanoUsd }) => listCostNanoUsd),
    column('price_id', 'text', ({ priceId }) => priceId),
    column('duration_ms', 'int', ({ durationMs }) => durationMs),
  ];
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
