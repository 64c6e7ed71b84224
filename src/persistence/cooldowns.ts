/** Rows of cool-downs: what keeps traffic from a connection, or from one model through it, and the health that follows from it. */
import type { Cooldown, CooldownBegan, CooldownEnded } from '../domain/cooldown.js';
import type { FailureClass, HealthState } from '../domain/vocabulary.js';
import type { Prisma } from './generated/client.js';
import { toDate, toMs } from './keyset.js';
import type { Sql, SqlDatabase } from './sql.js';
import type { ScopedTransaction } from './workspace-scope.js';

/** Cool-downs of each connection, over or not, in the order of `connectionIds`. */
export async function findCooldowns(
  rows: ScopedTransaction,
  connectionIds: readonly string[],
): Promise<readonly (readonly Cooldown[])[]> {
  const found = await rows.connectionCooldown.findMany({
    where: { connectionId: { in: [...connectionIds] } },
    orderBy: [{ connectionId: 'asc' }, { modelRef: 'asc' }],
  });
  return connectionIds.map((id) => found.filter(({ connectionId }) => connectionId === id).map(toCooldown));
}

/** A row as a value. */
export function toCooldown(row: Prisma.ConnectionCooldownGetPayload<object>): Cooldown {
  return {
    modelRef: row.modelRef === '' ? null : row.modelRef,
    class: row.class,
    since: toMs(row.since),
    until: toMs(row.until),
    failures: row.failures,
  };
}

/** Forgets what a connection cools down from, and all that gateways may still say about it; false when it is gone. */
export async function clearCooldowns(rows: ScopedTransaction, id: string, now: number): Promise<boolean> {
  const { count } = await rows.connection.updateMany({
    where: { id },
    data: { cooldownsClearedAt: toDate(now) },
  });
  await rows.connectionCooldown.deleteMany({ where: { connectionId: id, since: { lte: toDate(now) } } });
  return count > 0;
}

/** A connection that something was written about. */
export interface TouchedConnection {
  readonly connectionId: string;
  readonly workspaceId: string;
}

/** What became of a batch of changes. */
export interface RecordedCooldowns {
  /** Whose cool-downs are others now. */
  readonly changed: readonly (TouchedConnection & {
    /** Milliseconds since the epoch until which the cool-down lasts or would have lasted. */
    readonly until: number;
  })[];
  /** Whose health is another one now. */
  readonly health: readonly TouchedConnection[];
}

/** A cool-down that began, with what it says about the health of its connection. */
export interface BegunCooldown extends CooldownBegan {
  readonly state: HealthState;
}

/** What an operator forgot, or what began before what is there, is left out. */
const INSERT = `
  INSERT INTO connection_cooldown AS known (connection_id, model_ref, workspace_id, class, since, until, failures)
  SELECT connection.id, given.model_ref, connection.workspace_id, given.class, given.since, given.until, given.failures
  FROM jsonb_to_recordset($1::jsonb) AS given (
    connection_id text, model_ref text, class failure_class, since timestamptz, until timestamptz, failures int)
  JOIN connection ON connection.id = given.connection_id
  WHERE connection.cooldowns_cleared_at IS NULL OR connection.cooldowns_cleared_at < given.since
  ON CONFLICT (connection_id, model_ref) DO UPDATE SET
    class = EXCLUDED.class, since = EXCLUDED.since, until = EXCLUDED.until, failures = EXCLUDED.failures
  WHERE known.since < EXCLUDED.since
  RETURNING connection_id AS "connectionId", workspace_id AS "workspaceId", model_ref AS "modelRef", until`;

const DELETE = `
  DELETE FROM connection_cooldown AS known
  USING jsonb_to_recordset($1::jsonb) AS given (connection_id text, model_ref text, at timestamptz)
  WHERE known.connection_id = given.connection_id AND known.model_ref = given.model_ref AND known.since <= given.at
  RETURNING known.connection_id AS "connectionId", known.workspace_id AS "workspaceId",
    known.model_ref AS "modelRef", known.until`;

/** What was observed later stays. */
const SET_HEALTH = `
  UPDATE connection SET health_state = given.state, health_reason = given.reason, health_message = given.message,
    health_checked_at = given.at
  FROM jsonb_to_recordset($1::jsonb) AS given (
    id text, state health_state, reason failure_class, message text, at timestamptz)
  WHERE connection.id = given.id
    AND (connection.health_checked_at IS NULL OR connection.health_checked_at < given.at)
    AND (connection.health_state <> 'HEALTHY' OR given.state <> 'HEALTHY')
  RETURNING connection.id AS "connectionId", connection.workspace_id AS "workspaceId"`;

/** Writes a batch in which nothing is about the same scope twice. Repeating it changes nothing. */
export function recordCooldowns(
  database: SqlDatabase,
  began: readonly BegunCooldown[],
  ended: readonly CooldownEnded[],
): Promise<RecordedCooldowns> {
  return database.transaction(async (sql) => {
    const inserted = await change(sql, INSERT, began.map(rowOf));
    const deleted = await change(
      sql,
      DELETE,
      ended.map(({ connectionId, modelRef, at }) => ({
        connection_id: connectionId,
        model_ref: modelRef ?? '',
        at: iso(at),
      })),
    );
    const isWhole = (connectionId: string) =>
      inserted.some((row) => row.connectionId === connectionId && row.modelRef === '');
    const health = await setHealth(sql, [
      ...began
        .filter(({ connectionId, cooldown }) => cooldown.modelRef === null && isWhole(connectionId))
        .map(({ connectionId, cooldown, state, message }) => ({
          connectionId,
          state,
          reason: cooldown.class,
          message,
          at: cooldown.since,
        })),
      ...ended
        .filter(({ modelRef }) => modelRef === null)
        .map(({ connectionId, at }) => healthy(connectionId, at)),
    ]);
    return { changed: [...inserted, ...deleted], health };
  });
}

/** Requests that went through, by connection with the time they were sent, disprove what was observed before. */
export function recordSuccesses(
  sql: Sql,
  lastSuccess: ReadonlyMap<string, number>,
): Promise<readonly TouchedConnection[]> {
  return setHealth(
    sql,
    [...lastSuccess].map(([connectionId, at]) => healthy(connectionId, at)),
  );
}

/** What passes by itself is no longer held against a connection once its time is over: nobody has looked since. */
const EXPIRE = `
  UPDATE connection SET health_state = 'UNKNOWN', health_reason = NULL, health_message = NULL
  FROM connection_cooldown AS known
  WHERE known.connection_id = connection.id AND known.model_ref = '' AND known.until <= $1
    AND connection.health_state = 'DEGRADED' AND connection.health_reason = known.class
    AND connection.health_checked_at = known.since
  RETURNING connection.id AS "connectionId", connection.workspace_id AS "workspaceId"`;

/** Takes note of cool-downs that are over, and removes the rows of those that were over at `keptFrom`. */
export async function expireCooldowns(
  sql: Sql,
  now: number,
  keptFrom: number,
): Promise<readonly TouchedConnection[]> {
  const expired = await sql.query<TouchedConnection>(EXPIRE, [iso(now)]);
  await sql.query('DELETE FROM connection_cooldown WHERE until < $1', [iso(keptFrom)]);
  return expired;
}

interface ChangedRow extends TouchedConnection {
  readonly modelRef: string;
  readonly until: number;
}

async function change(sql: Sql, statement: string, rows: readonly object[]): Promise<readonly ChangedRow[]> {
  if (rows.length === 0) return [];
  const changed = await sql.query<Omit<ChangedRow, 'until'> & { until: Date }>(statement, [
    JSON.stringify(rows),
  ]);
  return changed.map(({ until, ...row }) => ({ ...row, until: toMs(until) }));
}

interface ObservedHealth {
  readonly connectionId: string;
  readonly state: HealthState;
  readonly reason: FailureClass | null;
  readonly message: string | null;
  readonly at: number;
}

function healthy(connectionId: string, at: number): ObservedHealth {
  return { connectionId, state: 'HEALTHY', reason: null, message: null, at };
}

async function setHealth(
  sql: Sql,
  observed: readonly ObservedHealth[],
): Promise<readonly TouchedConnection[]> {
  if (observed.length === 0) return [];
  const rows = observed.map(({ connectionId, at, ...health }) => ({
    id: connectionId,
    ...health,
    at: iso(at),
  }));
  return sql.query<TouchedConnection>(SET_HEALTH, [JSON.stringify(rows)]);
}

function rowOf({ connectionId, cooldown }: CooldownBegan): object {
  return {
    connection_id: connectionId,
    model_ref: cooldown.modelRef ?? '',
    class: cooldown.class,
    since: iso(cooldown.since),
    until: iso(cooldown.until),
    failures: cooldown.failures,
  };
}

function iso(time: number): string {
  return new Date(time).toISOString();
}
