/**
 * The sums of usage in SQL: which tables hold them, how events and attempts fold into them, how they add up.
 *
 * A request counts under the names of what answered it. An attempt, with its tokens and costs, counts under the names of
 * what was attempted, so that a fallback's failed attempts burden the connection that failed; its hour, tier, key and
 * status are its request's. Whatever is grouped or left out, the parts add up to the same total.
 */
import { BUCKET_STARTS_MS, DIGITS_PER_BUCKET } from '../domain/histogram.js';

/** A table of sums: by the hour or by the day, kept apart by some dimensions or by all. */
export interface RollupTable {
  readonly name: string;
  readonly time: 'hour' | 'day';
  readonly dimensions: readonly string[];
}

const ROUTE = ['provider', 'offering', 'connection_id', 'model_ref', 'billing'];
const CALLER = ['tier_slug', 'access_key_id'];

/** What everything is kept apart by, and the columns of a fold besides its sums. */
export const DIMENSIONS: readonly string[] = [...ROUTE, ...CALLER, 'status'];

export const HOUR_ROLLUPS: RollupTable = { name: 'usage_rollup', time: 'hour', dimensions: DIMENSIONS };
export const DAY_ROLLUPS: RollupTable = { name: 'usage_rollup_day', time: 'day', dimensions: DIMENSIONS };
export const ROUTE_ROLLUPS: RollupTable = {
  name: 'usage_rollup_route',
  time: 'hour',
  dimensions: [...ROUTE, 'status'],
};
export const CALLER_ROLLUPS: RollupTable = {
  name: 'usage_rollup_caller',
  time: 'hour',
  dimensions: [...CALLER, 'status'],
};

/** Every table of sums. All hold the same sums; the smaller ones are there for reports to read less. */
export const ROLLUP_TABLES: readonly RollupTable[] = [
  HOUR_ROLLUPS,
  DAY_ROLLUPS,
  ROUTE_ROLLUPS,
  CALLER_ROLLUPS,
];

const TOKEN_COLUMNS = ['input_tokens', 'cache_read_tokens', 'cache_write_tokens', 'output_tokens'];

/** Columns that add up, whose sums all start at 0. */
const COUNTED = [
  'requests',
  'attempts',
  'failed_attempts',
  ...TOKEN_COLUMNS,
  'cost_nano_usd',
  'list_cost_nano_usd',
  'saved_nano_usd',
  'unpriced_requests',
  'unlisted_tokens',
];
const HISTOGRAMS = ['duration_counts', 'first_token_counts'];
/** Null as long as nobody stated it. */
const STATED = 'reasoning_tokens';

export const SUM_COLUMNS: readonly string[] = [...COUNTED, STATED, ...HISTOGRAMS];

/** The sums of a row, without histograms. */
export interface SummedRow {
  readonly requests: bigint;
  readonly attempts: bigint;
  readonly failed_attempts: bigint;
  readonly input_tokens: bigint;
  readonly cache_read_tokens: bigint;
  readonly cache_write_tokens: bigint;
  readonly output_tokens: bigint;
  readonly reasoning_tokens: bigint | null;
  readonly cost_nano_usd: bigint;
  readonly list_cost_nano_usd: bigint;
  readonly saved_nano_usd: bigint;
  readonly unpriced_requests: bigint;
}

/**
 * Between which places, and from when on, the requests lie that a sum counts; null where it counts attempts only. With
 * these a page finds its requests without walking past all others.
 */
const BOUNDS: readonly { readonly column: string; readonly of: 'min' | 'max'; readonly type: string }[] = [
  { column: 'first_seq', of: 'min', type: 'bigint' },
  { column: 'last_seq', of: 'max', type: 'bigint' },
  { column: 'first_started_at', of: 'min', type: 'timestamptz' },
];

/** What a row of sums holds besides its key. */
export const VALUE_COLUMNS: readonly string[] = [...SUM_COLUMNS, ...BOUNDS.map(({ column }) => column)];

/** Columns of a fold: the table {@link HOUR_ROLLUPS} has the same. */
const FOLD_COLUMNS = ['workspace_id', 'hour', ...DIMENSIONS, ...VALUE_COLUMNS];

/** Columns of a table that tell its rows apart. */
export function keyColumns({ time, dimensions }: RollupTable): string[] {
  return ['workspace_id', time, ...dimensions];
}

/**
 * A select of the sums by hour and all dimensions of `events`, a relation of events, and `attempts`, their attempts; both
 * with the columns of their tables.
 */
export function foldOf(events: string, attempts: string): string {
  const sums = SUM_COLUMNS.map((column) => `sum(${column}) AS ${column}`);
  return `
    SELECT ${['workspace_id', 'hour', ...DIMENSIONS, ...sums, ...boundsOfAll()].join(', ')}
    FROM (${selectPart(requestPart())} FROM ${events} AS event
      UNION ALL
      ${selectPart(attemptPart())} FROM ${attempts} AS attempt
        JOIN ${events} AS event ON event.id = attempt.event_id AND event.started_at = attempt.started_at) AS part
    GROUP BY ${['workspace_id', 'hour', ...DIMENSIONS].join(', ')}`;
}

/** A select of the rows of `table` that a fold amounts to. */
export function regroup(table: RollupTable, fold: string): string {
  const time = table.time === 'day' ? `date_trunc('day', hour, 'UTC')` : 'hour';
  const keys = ['workspace_id', time, ...table.dimensions];
  const sums = SUM_COLUMNS.map((column) => `sum(${column})::${sqlTypeOf(column)} AS ${column}`);
  return `SELECT workspace_id, ${time} AS ${table.time}, ${[...table.dimensions, ...sums, ...boundsOfAll()].join(', ')}
    FROM ${fold} GROUP BY ${keys.join(', ')}`;
}

function boundsOfAll(): string[] {
  return BOUNDS.map(({ column, of }) => `${of}(${column}) AS ${column}`);
}

/** What tells the requests of one combination of {@link DIMENSIONS} apart; that two share a number by chance costs only time. */
export function sumKey(row: string): string {
  const dimensions = DIMENSIONS.map((column) => `coalesce(${row}.${column}::text, '')`);
  return `hashtextextended(concat_ws(chr(31), ${dimensions.join(', ')}), 0)`;
}

/** Adds a fold, a relation named `fold`, to the sums of `table`. */
export function addToRollups(table: RollupTable, fold: string): string {
  const keys = keyColumns(table);
  const added = [...COUNTED, ...HISTOGRAMS].map(
    (column) => `${column} = total.${column} + EXCLUDED.${column}`,
  );
  const widened = BOUNDS.map(({ column, of }) => {
    const outer = of === 'min' ? 'least' : 'greatest';
    return `${column} = ${outer}(total.${column}, EXCLUDED.${column})`;
  });
  return `
    INSERT INTO ${table.name} AS total (${[...keys, ...VALUE_COLUMNS].join(', ')})
    ${regroup(table, fold)}
    ON CONFLICT (${keys.join(', ')}) DO UPDATE SET ${[...added, ...widened].join(', ')},
      ${STATED} = coalesce(total.${STATED} + EXCLUDED.${STATED}, total.${STATED}, EXCLUDED.${STATED})`;
}

function startsAtNothing(value: string): boolean {
  return [...COUNTED, ...HISTOGRAMS].includes(value);
}

function sqlTypeOf(value: string): string {
  if (HISTOGRAMS.includes(value)) return 'numeric';
  return BOUNDS.find(({ column }) => column === value)?.type ?? 'bigint';
}

/** What a request adds to its sum, by column. */
function requestPart(): ReadonlyMap<string, string> {
  return new Map([
    ...[...ROUTE, ...CALLER].map((column): [string, string] => [
      column,
      `coalesce(event.${column}::text, '')`,
    ]),
    ['requests', '1'],
    ['unpriced_requests', '(event.cost_nano_usd IS NULL)::int'],
    ['duration_counts', packedDuration('event.duration_ms')],
    ['first_token_counts', packedDuration('event.first_token_ms')],
    ['first_seq', 'event.seq'],
    ['last_seq', 'event.seq'],
    ['first_started_at', 'event.started_at'],
  ]);
}

/** What an attempt adds to its sum. The costs of a request whose cost is unknown are left out whole. */
function attemptPart(): ReadonlyMap<string, string> {
  const known = (column: string): string =>
    `CASE WHEN event.${column} IS NULL THEN 0 ELSE attempt.${column} END`;
  return new Map([
    ...ROUTE.map((column): [string, string] => [column, `attempt.${column}::text`]),
    ...CALLER.map((column): [string, string] => [column, `coalesce(event.${column}, '')`]),
    ['attempts', '1'],
    ['failed_attempts', '(attempt.error_class IS NOT NULL)::int'],
    ...[...TOKEN_COLUMNS, STATED].map((column): [string, string] => [column, `attempt.${column}`]),
    ['cost_nano_usd', known('cost_nano_usd')],
    ['list_cost_nano_usd', known('list_cost_nano_usd')],
    [
      'unlisted_tokens',
      `CASE WHEN event.list_cost_nano_usd IS NULL THEN ${TOKEN_COLUMNS.map((column) => `attempt.${column}`).join(' + ')} ELSE 0 END`,
    ],
    [
      'saved_nano_usd',
      `CASE WHEN attempt.billing = 'SUBSCRIPTION'
        THEN coalesce(attempt.list_cost_nano_usd - attempt.cost_nano_usd, 0) ELSE 0 END`,
    ],
  ]);
}

function selectPart(part: ReadonlyMap<string, string>): string {
  const shared = new Map([
    ['workspace_id', 'event.workspace_id'],
    ['hour', `date_trunc('hour', event.occurred_at, 'UTC')`],
    ['status', 'event.status'],
  ]);
  const columns = FOLD_COLUMNS.map((column) => {
    const value = part.get(column) ?? shared.get(column) ?? (startsAtNothing(column) ? '0' : 'NULL');
    return `${VALUE_COLUMNS.includes(column) ? `(${value})::${sqlTypeOf(column)}` : value} AS ${column}`;
  });
  return `SELECT ${columns.join(', ')}`;
}

/** The packed histogram of one duration in whole milliseconds; 0 for none. */
function packedDuration(ms: string): string {
  const bucket = `width_bucket(${ms}, '{${BUCKET_STARTS_MS.join(',')}}'::int[])`;
  return `coalesce(rpad('1', 1 + ${DIGITS_PER_BUCKET} * ${bucket}, '0')::numeric, 0)`;
}
