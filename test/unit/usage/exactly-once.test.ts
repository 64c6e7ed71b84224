import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../../src/domain/clock.js';
import { unpackHistogram } from '../../../src/domain/histogram.js';
import { newId } from '../../../src/domain/ids.js';
import { bucketStart, DAY_MS, HOUR_MS } from '../../../src/domain/time-range.js';
import type { UsageEvent } from '../../../src/domain/usage.js';
import type { AttemptRecord } from '../../../src/journal/record.js';
import { openDatabase } from '../../../src/persistence/database.js';
import type { SqlDatabase } from '../../../src/persistence/sql.js';
import { commitUsage } from '../../../src/persistence/usage.js';
import { usageEventsAfter } from '../../../src/persistence/usage-events.js';
import { ROLLUP_TABLES, type RollupTable } from '../../../src/persistence/usage-fold.js';
import { rebuildRollups } from '../../../src/persistence/usage-rebuild.js';
import { tokensOf, toCount, type RollupDelta } from '../../../src/persistence/usage-rows.js';
import { foldEvents, mergeDeltas } from '../../../src/usage/rollup.js';
import { createEmbeddedLocation, quietLogger } from '../../support/database.js';
import { postgresIsInstalled, startPostgres } from '../../support/postgres-server.js';
import { attemptRecord, T0 } from '../journal/records.js';
import { makeEvent } from './events.js';

/** How one commit of a recorder goes. */
type Outcome = 'acknowledged' | 'not-sent' | 'answer-lost' | 'read-again';

interface Step {
  readonly size: number;
  readonly outcome: Outcome;
}

const timeout = { class: 'TIMEOUT', httpStatus: null, message: 'too slow', retryAt: null } as const;

const attempts: fc.Arbitrary<AttemptRecord> = fc
  .record({
    provider: fc.constantFrom('zai', 'kimi'),
    billing: fc.constantFrom('SUBSCRIPTION' as const, 'METERED' as const, 'LOCAL' as const),
    priced: fc.boolean(),
    failed: fc.boolean(),
    tokens: fc.record({
      input: fc.nat(100_000),
      cacheRead: fc.nat(50_000),
      cacheWrite: fc.nat(1_000),
      output: fc.nat(8_000),
      reasoning: fc.option(fc.nat(4_000)),
    }),
  })
  .map(({ provider, billing, priced, failed, tokens }) =>
    attemptRecord({
      provider,
      offering: `${provider}/any`,
      connectionId: `conn_${provider}`,
      modelRef: `${provider}/some "quoted\\", {model}`,
      billing,
      ...(priced ? {} : { price: null }),
      failure: failed ? timeout : null,
      tokens,
    }),
  );

const events = (workspaceId: string): fc.Arbitrary<UsageEvent> =>
  fc
    .record({
      at: fc.nat(3 * DAY_MS),
      key: fc.constantFrom('key_1', 'key_2'),
      tier: fc.constantFrom('simple', undefined),
      status: fc.constantFrom('OK' as const, 'FAILED' as const, 'CANCELLED' as const),
      durationMs: fc.oneof(fc.nat(10), fc.nat(2 * HOUR_MS)),
      firstTokenMs: fc.option(fc.nat(5_000)),
      attempts: fc.array(attempts, { maxLength: 3 }),
    })
    .map(({ at, key, tier, ...end }) =>
      makeEvent({
        at: T0 + at,
        workspaceId,
        key,
        ...(tier === undefined ? {} : { tier }),
        end: { ...end, occurredAt: T0 + at + end.durationMs },
      }),
    );

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.record({
    size: fc.integer({ min: 1, max: 9 }),
    outcome: fc.constantFrom<Outcome>(
      'acknowledged',
      'acknowledged',
      'not-sent',
      'answer-lost',
      'read-again',
    ),
  }),
  { maxLength: 12 },
);

/** A recorder at its journal: what was not acknowledged is sent again, in batches cut anew. */
async function record(
  database: SqlDatabase,
  journal: readonly UsageEvent[],
  plan: readonly Step[],
): Promise<void> {
  let committed = 0;
  const rest: Step = { size: journal.length, outcome: 'acknowledged' };
  for (const { size, outcome } of [...plan, rest]) {
    const batch = journal.slice(committed, committed + size);
    if (batch.length === 0) return;
    if (outcome !== 'not-sent') await commitUsage(database, batch);
    if (outcome === 'acknowledged') committed += batch.length;
    if (outcome === 'read-again') committed = 0;
  }
}

async function storedRollups(
  database: SqlDatabase,
  table: RollupTable,
  workspaceId: string,
): Promise<RollupDelta[]> {
  const rows = await database.query<any>(`SELECT * FROM ${table.name} WHERE workspace_id = $1`, [
    workspaceId,
  ]);
  return rows.map((row) => ({
    key: {
      workspaceId,
      hour: row[table.time].getTime(),
      provider: row.provider ?? '',
      offering: row.offering ?? '',
      connectionId: row.connection_id ?? '',
      modelRef: row.model_ref ?? '',
      tierSlug: row.tier_slug ?? '',
      accessKeyId: row.access_key_id ?? '',
      billing: row.billing ?? '',
      status: row.status,
    },
    sums: {
      requests: toCount(row.requests),
      attempts: toCount(row.attempts),
      failedAttempts: toCount(row.failed_attempts),
      tokens: tokensOf(row),
      costNanoUsd: row.cost_nano_usd,
      listCostNanoUsd: row.list_cost_nano_usd,
      savedNanoUsd: row.saved_nano_usd,
      unpricedRequests: toCount(row.unpriced_requests),
      unlistedTokens: toCount(row.unlisted_tokens),
      durations: unpackHistogram(row.duration_counts),
      firstTokens: unpackHistogram(row.first_token_counts),
    },
  }));
}

/** The fold as a table would hold it. */
function foldFor({ time, dimensions }: RollupTable, all: readonly UsageEvent[]): RollupDelta[] {
  const kept = (column: string, value: string): string => (dimensions.includes(column) ? value : '');
  return mergeDeltas(
    foldEvents(all).map(({ key, sums }) => ({
      key: {
        ...key,
        hour: time === 'day' ? bucketStart(key.hour, 'DAY') : key.hour,
        provider: kept('provider', key.provider),
        offering: kept('offering', key.offering),
        connectionId: kept('connection_id', key.connectionId),
        modelRef: kept('model_ref', key.modelRef),
        tierSlug: kept('tier_slug', key.tierSlug),
        accessKeyId: kept('access_key_id', key.accessKeyId),
        billing: kept('billing', key.billing),
      },
      sums,
    })),
  );
}

const sorted = (deltas: readonly RollupDelta[]): RollupDelta[] =>
  deltas.toSorted((a, b) => (JSON.stringify(a.key) < JSON.stringify(b.key) ? -1 : 1));

async function differences(database: SqlDatabase, checkOnly: boolean): Promise<number> {
  let differing = 0;
  for await (const day of rebuildRollups(database, { checkOnly })) differing += day.differing;
  return differing;
}

describe.each([
  { name: 'the embedded database', real: false },
  { name: 'a real Postgres', real: true },
])('on $name', ({ real }) => {
  describe.skipIf(real && !postgresIsInstalled)('', () => {
    const closers: (() => Promise<unknown>)[] = [];
    let database: SqlDatabase;

    beforeAll(async () => {
      const location = await createEmbeddedLocation({ empty: real });
      closers.push(() => location.remove());
      const server = real ? await startPostgres() : null;
      if (server) closers.push(async () => server[Symbol.asyncDispose]());
      const databaseUrl = server ? await server.createDatabase() : null;
      const opened = await openDatabase({
        databaseUrl,
        dataDir: location.dataDir,
        logger: quietLogger,
        clock: systemClock,
      });
      closers.push(() => opened.close());
      database = opened;
    });

    afterAll(async () => {
      for (const close of closers.toReversed()) await close();
    });

    test('any events, batches, crashes and recorders leave the sums of a straightforward fold', async () => {
      const runs = fc
        .constant(null)
        .map(() => newId('workspace', T0))
        .chain((workspaceId) =>
          fc.record({
            workspaceId: fc.constant(workspaceId),
            journals: fc.array(fc.array(events(workspaceId), { maxLength: 25 }), {
              minLength: 1,
              maxLength: 3,
            }),
            plans: fc.array(steps, { minLength: 3, maxLength: 3 }),
            shared: fc.nat(5),
          }),
        );
      await fc.assert(
        fc.asyncProperty(runs, async ({ workspaceId, journals, plans, shared }) => {
          // Some requests are in two journals, as after a copy of one was restored beside it.
          const given = journals.map((journal, i) => [
            ...journal,
            ...(journals[i + 1] ?? []).slice(0, shared),
          ]);
          await Promise.all(given.map((journal, i) => record(database, journal, plans[i] ?? [])));
          const all = journals.flat();
          const stored = await usageEventsAfter(database, workspaceId, 0, 1_000, {});
          expect(stored.map(({ id }) => id).sort()).toEqual(all.map(({ id }) => id).sort());
          for (const table of ROLLUP_TABLES) {
            expect(sorted(await storedRollups(database, table, workspaceId))).toEqual(
              sorted(foldFor(table, all)),
            );
          }
        }),
        // A failure is repeated with its seed; making it smaller would take longer than reading it.
        { numRuns: 30, endOnFailure: true },
      );
    });

    test('a rebuild finds the sums equal, says where they were changed, and puts them right', async () => {
      expect(await differences(database, true)).toBe(0);
      const workspaceId = newId('workspace', T0);
      const event = makeEvent({ workspaceId });
      await commitUsage(database, [event, makeEvent({ workspaceId, key: 'key_2' })]);
      await database.query('UPDATE usage_rollup SET requests = requests + 1 WHERE workspace_id = $1', [
        workspaceId,
      ]);
      await database.query(
        `DELETE FROM usage_rollup_caller WHERE workspace_id = $1 AND access_key_id = 'key_2'`,
        [workspaceId],
      );
      await database.query(
        `UPDATE usage_rollup_day SET duration_counts = duration_counts * 2 WHERE workspace_id = $1`,
        [workspaceId],
      );
      expect(await differences(database, true)).toBe(5);
      expect(await differences(database, false)).toBe(5);
      expect(await differences(database, true)).toBe(0);
    });
  });
});
