/** How long reports and pages take as stored usage grows. */
import { systemClock as clock } from '../../dist/src/domain/clock.js';
import { DAY_MS, HOUR_MS } from '../../dist/src/domain/time-range.js';
import { ensurePartitions } from '../../dist/src/persistence/partitions.js';
import { lastUsageSeq } from '../../dist/src/persistence/usage-events.js';
import { listUsageEvents } from '../../dist/src/persistence/usage-pages.js';
import { addToRollups, foldOf, ROLLUP_TABLES } from '../../dist/src/persistence/usage-fold.js';
import { usageReport } from '../../dist/src/usage/reports.js';

const DAYS = 30;
const ROUNDS = 7;
const PAGE = 50;
/** Rows of one statement: each stays well under the time a statement may take. */
const CHUNK = 50_000;

/** Milliseconds per question, by its name; the middle of several rounds. */
export async function measureGrowth(database, events) {
  const workspaceId = `ws_growth_${events}`;
  const from = performance.now();
  await load(database, workspaceId, events);
  const loadSeconds = (performance.now() - from) / 1_000;
  const [{ rows }] = await database.query(
    'SELECT count(*)::int AS rows FROM usage_rollup WHERE workspace_id = $1',
    [workspaceId],
  );
  const now = clock.now();
  const report =
    (interval, groupBy, more = {}) =>
    () =>
      usageReport({ sql: database, clock }, workspaceId, {
        range: { from: now - DAYS * DAY_MS, to: now },
        interval,
        groupBy,
        filter: {},
        groupLimit: 20,
        ...more,
      });
  const last = await lastUsageSeq(database);
  const page =
    (before, filter = {}) =>
    () =>
      listUsageEvents(database, workspaceId, { first: PAGE, before }, filter);
  const withoutHistograms = true;
  const questions = {
    'report by hour, provider × billing': report('HOUR', ['PROVIDER', 'BILLING']),
    '  without percentiles': report('HOUR', ['PROVIDER', 'BILLING'], { withoutHistograms }),
    'report by hour, tier × status': report('HOUR', ['TIER', 'STATUS']),
    'report by hour, key × model': report('HOUR', ['ACCESS_KEY', 'MODEL']),
    'report by day, key × model': report('DAY', ['ACCESS_KEY', 'MODEL']),
    'report in one sum': report('TOTAL', []),
    'first page': page(null),
    'page in the middle': page(last - Math.floor(events / 2)),
    'last page': page(last - events + PAGE),
    'page of one key': page(null, { accessKeys: ['key_7'] }),
    'page of failures of one tier': page(null, { statuses: ['FAILED'], tiers: ['tier_3'] }),
  };
  const times = {};
  for (const [name, ask] of Object.entries(questions)) times[name] = await middle(ask);
  return { loadSeconds, rollups: rows, times };
}

async function middle(ask) {
  const times = [];
  for (let round = 0; round < ROUNDS; round++) {
    const from = performance.now();
    await ask();
    times.push(performance.now() - from);
  }
  return times.sort((a, b) => a - b)[Math.floor(ROUNDS / 2)];
}

/** Straight into the tables, with the sums folded by the same statement as always. */
async function load(database, workspaceId, events) {
  const end = clock.now();
  const start = end - DAYS * DAY_MS + HOUR_MS;
  await ensurePartitions(database, start - HOUR_MS, end);
  for (let first = 0; first < events; first += CHUNK) {
    const count = Math.min(CHUNK, events - first);
    await database.query(insertion, [
      workspaceId,
      first,
      first + count - 1,
      new Date(start),
      (end - start) / events,
    ]);
  }
  await database.query('ANALYZE');
}

/** Spreads numbers so that two of them do not go together. */
const numberOf = (spread) => `abs(hashint8(n * ${spread})) % `;
const insertion = `
  WITH answered AS (
    INSERT INTO usage_event (id, started_at, workspace_id, seq, occurred_at, request_id, requested_model, model_ref,
      provider, offering, connection_id, billing, tier_slug, access_key_id, protocol, streamed, status, error_class,
      input_tokens, cache_read_tokens, cache_write_tokens, output_tokens, token_source, cost_nano_usd,
      list_cost_nano_usd, price_id, duration_ms, first_token_ms, reason)
    SELECT 'evt_' || lpad(n::text, 12, '0') || $1, at, $1, nextval('usage_event_seq'), at + interval '900 ms',
      'req_' || lpad(n::text, 26, '0'), 'auto', provider || '/model-' || model, provider, provider || '/plan',
      'conn_' || provider, billing, 'tier_' || model % 5, 'key_' || ${numberOf(11)} 20, 'OPENAI_CHAT', true,
      CASE WHEN n % 33 = 0 THEN 'FAILED' ELSE 'OK' END::usage_status,
      CASE WHEN n % 33 = 0 THEN 'UPSTREAM_ERROR' END::failure_class,
      ${numberOf(37)} 20000, ${numberOf(53)} 60000, 0, ${numberOf(17)} 2000, 'REPORTED',
      CASE WHEN billing = 'METERED' THEN n % 90000000 ELSE 0 END, n % 90000000, 'price_bench', 200 + ${numberOf(71)} 30000,
      100 + ${numberOf(29)} 5000, 'tier'
    FROM (
      SELECT n, n % 10 AS model, (ARRAY['zai', 'kimi', 'openai', 'anthropic'])[1 + n % 10 % 4] AS provider,
        (ARRAY['SUBSCRIPTION', 'SUBSCRIPTION', 'METERED', 'METERED'])[1 + n % 10 % 4]::billing AS billing,
        date_trunc('milliseconds', $4::timestamptz + n * $5::float8 * interval '1 ms') AS at
      FROM generate_series($2::bigint, $3::bigint) AS n
    ) AS made
    RETURNING *
  ), attempted AS (
    SELECT answered.*, id AS event_id FROM answered
  ), fold AS MATERIALIZED (${foldOf('answered', 'attempted')}
  ), ${ROLLUP_TABLES.map((table) => `${table.name}_added AS (${addToRollups(table, 'fold')})`).join(', ')}
  SELECT 1`;
