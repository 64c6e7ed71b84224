/**
 * Pages of recorded requests, newest first. What they cost does not grow with what is stored, whatever the filter: sums
 * say which combinations of dimensions have requests that match and between which places these lie, and an index finds
 * the requests of one combination by place.
 */
import { USAGE_PAGE_SCANNED_PER_EVENT } from '../config/usage-limits.js';
import type { Page } from '../domain/records.js';
import { alignRange, DAY_MS, splitAtDays, type TimeRange } from '../domain/time-range.js';
import type { StoredUsageEvent } from '../domain/usage.js';
import { pageOf } from './keyset.js';
import { listPartitions } from './partitions.js';
import type { Sql } from './sql.js';
import { eventConditions } from './usage-events.js';
import { usageConditions, type UsageFilter } from './usage-filter.js';
import {
  CALLER_ROLLUPS,
  DAY_ROLLUPS,
  DIMENSIONS,
  HOUR_ROLLUPS,
  sumKey,
  type RollupTable,
} from './usage-fold.js';
import { eventOfRow, toCount, type UsageEventRow } from './usage-rows.js';

export interface UsagePageRequest {
  readonly first: number;
  /** Place of the last event of the page before; null for the first page. */
  readonly before: number | null;
  /** Tests look at fewer events before they ask the sums. */
  readonly scannedPerEvent?: number;
}

/** Requests of one combination within one hour or day. */
interface Stretch {
  readonly key: bigint;
  readonly first: bigint;
  readonly last: bigint;
  /** When the first of them came. */
  readonly startedFrom: Date;
  /** The hour or day in which they were answered. */
  readonly from: Date;
  readonly to: Date;
}

/** One page of events before a place. Not counted. */
export async function listUsageEvents(
  sql: Sql,
  workspaceId: string,
  { first, before, scannedPerEvent = USAGE_PAGE_SCANNED_PER_EVENT }: UsagePageRequest,
  filter: UsageFilter,
): Promise<Page<StoredUsageEvent>> {
  const wanted: Wanted = { workspaceId, limit: first + 1, before, filter };
  const rows = isWhole(filter)
    ? await newestOf(sql, wanted, null)
    : ((await ifFrequent(sql, await fromRange(sql, wanted), scannedPerEvent * wanted.limit)) ??
      (await ofStretches(sql, wanted)));
  return pageOf(rows.map(eventOfRow), first, null);
}

interface Wanted {
  readonly workspaceId: string;
  readonly limit: number;
  readonly before: number | null;
  readonly filter: UsageFilter;
}

/** Those that match among the newest `scanned`, or among all; by walking backwards. */
async function newestOf(sql: Sql, wanted: Wanted, scanned: number | null): Promise<UsageEventRow[]> {
  const { workspaceId, limit, before, filter } = wanted;
  const where = eventConditions(workspaceId, filter);
  const [workspace, place] = [where.bind(workspaceId), before === null ? null : where.bind(before)];
  const newest = `SELECT * FROM usage_event
    WHERE workspace_id = ${workspace} ${place === null ? '' : `AND seq < ${place}`}
    ORDER BY seq DESC LIMIT ${where.bind(scanned ?? limit)}`;
  return sql.query<UsageEventRow>(
    `SELECT * FROM (${newest}) AS newest WHERE ${where.text} ORDER BY seq DESC LIMIT ${where.bind(limit)}`,
    where.values,
  );
}

/** Longest range whose hours are asked where their requests end: of longer ones that takes as long as it spares. */
const LOOKED_UP_RANGE_MS = 2 * DAY_MS;

/** What is wanted, without the places past every request of its range. */
async function fromRange(sql: Sql, wanted: Wanted): Promise<Wanted> {
  const { workspaceId, before, filter } = wanted;
  if (filter.range === undefined) return wanted;
  const { from, to } = alignRange(filter.range, 'HOUR');
  if (to - from > LOOKED_UP_RANGE_MS) return wanted;
  const [found] = await sql.query<{ last: bigint | null }>(
    `SELECT max(last_seq) AS last FROM ${CALLER_ROLLUPS.name} WHERE workspace_id = $1 AND hour >= $2 AND hour < $3`,
    [workspaceId, new Date(from), new Date(to)],
  );
  if (!found || found.last === null) return wanted;
  const end = toCount(found.last) + 1;
  return { ...wanted, before: before === null ? end : Math.min(before, end) };
}

/** A full page, where so many match that the newest of all have enough of them. */
async function ifFrequent(sql: Sql, wanted: Wanted, scanned: number): Promise<UsageEventRow[] | null> {
  const rows = await newestOf(sql, wanted, scanned);
  return rows.length === wanted.limit ? rows : null;
}

/**
 * The newest of the stretches that the sums name. A stretch that lies before the place as a whole has a request to show,
 * so that as many of them as the page is long, and those around the place, are enough; except at the ends of a range,
 * where a stretch may have none within it.
 */
async function ofStretches(sql: Sql, wanted: Wanted): Promise<UsageEventRow[]> {
  const { limit } = wanted;
  const [oldest] = await listPartitions(sql);
  if (oldest === undefined) return [];
  let rows: UsageEventRow[] = [];
  let lastBefore: bigint | null = null;
  for (;;) {
    const stretches = await stretchesBefore(sql, wanted, { oldestDay: oldest.from, lastBefore });
    if (stretches.length === 0) return rows;
    rows = [...rows, ...(await newestIn(sql, wanted, stretches))]
      .toSorted((a, b) => toCount(b.seq) - toCount(a.seq))
      .slice(0, limit);
    lastBefore = stretches.reduce(
      (least, { last }) => (last < least ? last : least),
      stretches[0]?.last ?? 0n,
    );
    const lowest = rows.length < limit ? null : rows.at(-1);
    // What is left lies before the last place of every stretch that was read.
    if (stretches.length < limit || (lowest && lowest.seq >= lastBefore)) return rows;
  }
}

/** The next stretches by their last place, newest first: at least a page of them, if there are, and all around the page's place. */
async function stretchesBefore(
  sql: Sql,
  { workspaceId, limit, before, filter }: Wanted,
  { oldestDay, lastBefore }: { readonly oldestDay: number; readonly lastBefore: bigint | null },
): Promise<Stretch[]> {
  const where = usageConditions(workspaceId, filter);
  const place = before === null ? null : where.bind(before);
  if (place !== null) where.add(`first_seq < ${place}`);
  if (lastBefore !== null) where.add(`last_seq < ${where.bind(lastBefore)}`);
  const around = place === null || lastBefore !== null ? 'false' : `last_seq >= ${place}`;
  const most = where.bind(limit);
  const parts = sourcesOf(filter.range, oldestDay).map(({ table, from, to }) => {
    const end = to === null ? '' : `AND ${table.time} < ${where.bind(new Date(to))}`;
    return `SELECT ${[...DIMENSIONS, 'first_seq', 'last_seq', 'first_started_at'].join(', ')},
        ${table.time} AS starts, ${table.time} + interval '1 ${table.time}' AS ends
      FROM ${table.name}
      WHERE ${where.text} AND first_seq IS NOT NULL AND ${table.time} >= ${where.bind(new Date(from))} ${end}`;
  });
  return sql.query<Stretch>(
    `WITH matched AS (${parts.join(' UNION ALL ')}), chosen AS (
       (SELECT * FROM matched WHERE ${around})
       UNION ALL
       (SELECT * FROM matched WHERE NOT (${around}) ORDER BY last_seq DESC LIMIT ${most})
     )
     SELECT ${sumKey('chosen')} AS key, first_seq AS first, last_seq AS last, first_started_at AS "startedFrom",
       starts AS "from", ends AS "to"
     FROM chosen`,
    where.values,
  );
}

/** The newest matching requests of the stretches together. */
function newestIn(sql: Sql, wanted: Wanted, stretches: readonly Stretch[]): Promise<UsageEventRow[]> {
  const { workspaceId, limit, before, filter } = wanted;
  const where = eventConditions(workspaceId, filter);
  where.add('sum_key = stretch.key AND seq BETWEEN stretch.first AND stretch.last');
  where.add('occurred_at >= stretch.starts AND occurred_at < stretch.ends');
  where.add('started_at >= stretch.started_from AND started_at < stretch.ends');
  // The same for all of them, so that partitions of other days are not even planned for.
  const starts = stretches.map(({ startedFrom }) => startedFrom.getTime());
  const ends = stretches.map(({ to }) => to.getTime());
  where.add(`started_at >= ${where.bind(new Date(Math.min(...starts)))}`);
  where.add(`started_at < ${where.bind(new Date(Math.max(...ends)))}`);
  if (before !== null) where.add(`seq < ${where.bind(before)}`);
  const given = [
    `${where.bind(stretches.map(({ key }) => key))}::bigint[]`,
    `${where.bind(stretches.map(({ first }) => first))}::bigint[]`,
    `${where.bind(stretches.map(({ last }) => last))}::bigint[]`,
    `${where.bind(stretches.map(({ startedFrom }) => startedFrom))}::timestamptz[]`,
    `${where.bind(stretches.map(({ from }) => from))}::timestamptz[]`,
    `${where.bind(stretches.map(({ to }) => to))}::timestamptz[]`,
  ];
  const most = where.bind(limit);
  return sql.query<UsageEventRow>(
    `SELECT event.* FROM unnest(${given.join(', ')}) AS stretch (key, first, last, started_from, starts, ends)
     CROSS JOIN LATERAL (
       SELECT * FROM usage_event WHERE ${where.text} ORDER BY seq DESC LIMIT ${most}
     ) AS event ORDER BY seq DESC LIMIT ${most}`,
    where.values,
  );
}

interface Source {
  readonly table: RollupTable;
  readonly from: number;
  /** Null for no end. */
  readonly to: number | null;
}

/** Sums by the day, and by the hour at the ends of a range; nothing of days whose requests are dropped. */
function sourcesOf(range: TimeRange | undefined, oldestDay: number): Source[] {
  if (range === undefined) return [{ table: DAY_ROLLUPS, from: oldestDay, to: null }];
  const { from, to } = alignRange(range, 'HOUR');
  const { days, hours } = splitAtDays({ from: Math.max(from, oldestDay), to: Math.max(to, oldestDay) });
  return [
    ...days.map((part) => ({ table: DAY_ROLLUPS, ...part })),
    ...hours.map((part) => ({ table: HOUR_ROLLUPS, ...part })),
  ];
}

function isWhole(filter: UsageFilter): boolean {
  return Object.values(filter).every((value) => value === undefined);
}
