/** How long reports and pages take as stored usage grows. */
import { systemClock as clock } from '../../dist/src/domain/clock.js';
import { bucketStart, DAY_MS, HOUR_MS } from '../../dist/src/domain/time-range.js';
import { ensurePartitions } from '../../dist/src/persistence/partitions.js';
import { lastUsageSeq } from '../../dist/src/persistence/usage-events.js';
import { listUsageEvents } from '../../dist/src/persistence/usage-pages.js';
import { addToRollups, foldOf, ROLLUP_TABLES, sumKey } from '../../dist/src/persistence/usage-fold.js';
import { usageReport } from '../../dist/src/usage/reports.js';

const DAYS = 30;
const ROUNDS = 7;
const PAGE = 50;
/** Rows of one statement; of the embedded database, which is taken for stuck after a while, only so many. */
const CHUNK = { external: 100_000, embedded: 5_000 };

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
  const nowhere = { totals: false, groups: false };
  const middleOfAll = last - Math.floor(events / 2);
  const hourLongAgo = { from: now - 20 * DAY_MS, to: now - 20 * DAY_MS + HOUR_MS };
  const questions = {
    'report by hour, provider × billing': report('HOUR', ['PROVIDER', 'BILLING']),
    'report by hour, provider × billing, without percentiles': report('HOUR', ['PROVIDER', 'BILLING'], {
      percentiles: nowhere,
    }),
    'report by hour, tier × status': report('HOUR', ['TIER', 'STATUS']),
    'report by hour, key × model': report('HOUR', ['ACCESS_KEY', 'MODEL']),
    'report by day, key × model': report('DAY', ['ACCESS_KEY', 'MODEL']),
    'report in one sum': report('TOTAL', []),
    'first page': page(null),
    'page in the middle': page(middleOfAll),
    'last page': page(last - events + PAGE),
    'page of one key': page(null, { accessKeys: ['key_7'] }),
    'page of failures of one tier': page(null, { statuses: ['FAILED'], tiers: ['tier_3'] }),
    'page of one key in 5,000 requests': page(null, { accessKeys: ['key_rare'] }),
    'page of one key in 5,000 requests, in the middle': page(middleOfAll, { accessKeys: ['key_rare'] }),
    'page of a model that never served a tier': page(null, { models: ['zai/model-0'], tiers: ['tier_1'] }),
    'page of a status that never was': page(null, { statuses: ['CANCELLED'] }),
    'page of an hour twenty days ago': page(null, { range: hourLongAgo }),
    'page of an hour twenty days ago, of that key': page(null, {
      range: hourLongAgo,
      accessKeys: ['key_rare'],
    }),
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

/** Straight into the tables, then the sums of each day folded by the same statement as always. */
async function load(database, workspaceId, events) {
  const end = clock.now();
  const start = end - DAYS * DAY_MS + HOUR_MS;
  await ensurePartitions(database, start - HOUR_MS, end);
  const run = (text, values) =>
    database.transaction(async (sql) => {
      await sql.query('SET LOCAL statement_timeout = 0');
      await sql.query(text, values);
    });
  const chunk = CHUNK[database.kind];
  for (let first = 0; first < events; first += chunk) {
    const last = Math.min(first + chunk, events) - 1;
    await run(insertion, [workspaceId, first, last, new Date(start), (end - start) / events]);
  }
  // As an installation has it long before it holds this much.
  await run('ANALYZE');
  for (let day = bucketStart(start, 'DAY'); day < end; day += DAY_MS) {
    await run(summing, [workspaceId, new Date(day), new Date(day + DAY_MS)]);
  }
  await run('ANALYZE');
}

/** Spreads numbers so that two of them do not go together. */
const numberOf = (spread) => `abs(hashint8(n * ${spread})) % `;
const insertion = `
  INSERT INTO usage_event (id, started_at, workspace_id, seq, occurred_at, request_id, requested_model, model_ref,
    provider, offering, connection_id, billing, tier_slug, access_key_id, protocol, streamed, status, error_class,
    input_tokens, cache_read_tokens, cache_write_tokens, output_tokens, token_source, cost_nano_usd,
    list_cost_nano_usd, price_id, duration_ms, first_token_ms, reason, sum_key)
  SELECT request.*, ${sumKey('request')} FROM (
    SELECT 'evt_' || lpad(n::text, 12, '0') || $1 AS id, at AS started_at, $1 AS workspace_id,
      nextval('usage_event_seq') AS seq, at + interval '900 ms' AS occurred_at,
      'req_' || lpad(n::text, 26, '0') AS request_id, 'auto' AS requested_model, provider || '/model-' || model AS model_ref,
      provider, provider || '/plan' AS offering, 'conn_' || provider AS connection_id, billing,
      'tier_' || model % 5 AS tier_slug, key AS access_key_id, 'OPENAI_CHAT'::wire_protocol AS protocol, true AS streamed,
      CASE WHEN n % 33 = 0 THEN 'FAILED' ELSE 'OK' END::usage_status AS status,
      CASE WHEN n % 33 = 0 THEN 'UPSTREAM_ERROR' END::failure_class AS error_class,
      ${numberOf(37)} 20000 AS input_tokens, ${numberOf(53)} 60000 AS cache_read_tokens, 0 AS cache_write_tokens,
      ${numberOf(17)} 2000 AS output_tokens, 'REPORTED'::measurement_source AS token_source,
      CASE WHEN billing = 'METERED' THEN n % 90000000 ELSE 0 END AS cost_nano_usd, n % 90000000 AS list_cost_nano_usd,
      'price_bench' AS price_id, 200 + ${numberOf(71)} 30000 AS duration_ms, 100 + ${numberOf(29)} 5000 AS first_token_ms,
      'tier' AS reason
    FROM (
      SELECT n, n % 10 AS model, (ARRAY['zai', 'kimi', 'openai', 'anthropic'])[1 + n % 10 % 4] AS provider,
        (ARRAY['SUBSCRIPTION', 'SUBSCRIPTION', 'METERED', 'METERED'])[1 + n % 10 % 4]::billing AS billing,
        CASE WHEN n % 5000 = 1234 THEN 'key_rare' ELSE 'key_' || ${numberOf(11)} 20 END AS key,
        date_trunc('milliseconds', $4::timestamptz + n * $5::float8 * interval '1 ms') AS at
      FROM generate_series($2::bigint, $3::bigint) AS n
    ) AS made
  ) AS request`;
const summing = `
  WITH answered AS MATERIALIZED (
    SELECT * FROM usage_event WHERE workspace_id = $1 AND occurred_at >= $2 AND occurred_at < $3
      AND started_at >= $2::timestamptz - interval '1 hour' AND started_at < $3
  ), attempted AS (
    SELECT answered.*, id AS event_id FROM answered
  ), fold AS MATERIALIZED (${foldOf('answered', 'attempted')}
  ), ${ROLLUP_TABLES.map((table) => `${table.name}_added AS (${addToRollups(table, 'fold')})`).join(', ')}
  SELECT 1`;
