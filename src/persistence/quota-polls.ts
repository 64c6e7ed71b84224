/** Rows that say when each plan's quota is read next, and by whom: across all workspaces, because one poller reads for all. */
import type { PrismaClient } from './generated/client.js';
import { toDate } from './keyset.js';

/** A connection whose quota the caller alone may read now. */
export interface QuotaPollClaim {
  readonly connectionId: string;
  readonly workspaceId: string;
  /** Readings that failed in a row so far. */
  readonly failures: number;
}

interface ClaimRow {
  readonly connection_id: string;
  readonly workspace_id: string;
  readonly failures: number;
}

/** Plans to read every plan connection that is not planned yet, from now on. */
export async function planQuotaPolls(prisma: PrismaClient, now: number): Promise<void> {
  await prisma.$executeRaw`
    INSERT INTO quota_poll (connection_id, workspace_id, due_at)
    SELECT id, workspace_id, ${toDate(now)} FROM connection
    WHERE billing = 'SUBSCRIPTION' AND enabled
      AND NOT EXISTS (SELECT FROM quota_poll WHERE connection_id = connection.id)
    ON CONFLICT DO NOTHING`;
}

/** Brings forward what is in use, to so long after its last reading; not what fails. */
export async function hastenQuotaPolls(
  prisma: PrismaClient,
  connectionIds: readonly string[],
  afterReadingMs: number,
): Promise<void> {
  await prisma.$executeRaw`
    UPDATE quota_poll SET due_at = read_at + ${afterReadingMs}::int * interval '1 millisecond'
    WHERE connection_id = ANY(${[...connectionIds]}::text[]) AND failures = 0
      AND due_at > read_at + ${afterReadingMs}::int * interval '1 millisecond'`;
}

/**
 * Claims what is due for `leaseMs` of the database's time: clocks of nodes differ. A wall that was hit, or a change of the
 * connection, since the last reading makes it due as well, once that reading is `floorMs` old.
 */
export async function claimDueQuotaPolls(
  prisma: PrismaClient,
  options: { now: number; floorMs: number; leaseMs: number; limit: number },
): Promise<QuotaPollClaim[]> {
  const now = toDate(options.now);
  const claimed = await prisma.$queryRaw<ClaimRow[]>`
    WITH due AS (
      SELECT poll.connection_id FROM quota_poll poll JOIN connection ON connection.id = poll.connection_id
      WHERE connection.enabled AND (poll.lease_until IS NULL OR poll.lease_until < clock_timestamp())
        AND (poll.due_at <= ${now} OR (poll.read_at <= ${toDate(options.now - options.floorMs)} AND (
          connection.updated_at > poll.read_at OR EXISTS (
            SELECT FROM connection_cooldown cooldown WHERE cooldown.connection_id = poll.connection_id
              AND cooldown.class = 'QUOTA_EXHAUSTED' AND cooldown.since > poll.read_at AND cooldown.since <= ${now}
          ))))
      ORDER BY poll.due_at LIMIT ${options.limit}
      FOR UPDATE OF poll SKIP LOCKED
    )
    UPDATE quota_poll SET read_at = ${now},
      lease_until = clock_timestamp() + ${options.leaseMs}::int * interval '1 millisecond'
    FROM due WHERE quota_poll.connection_id = due.connection_id
    RETURNING quota_poll.connection_id, workspace_id, failures`;
  return claimed.map(toClaim);
}

/** Claims one connection, due or not; null while another reads it, and while its last reading is younger than `floorMs`. */
export async function claimQuotaPoll(
  prisma: PrismaClient,
  connection: { readonly id: string; readonly workspaceId: string },
  options: { now: number; floorMs: number; leaseMs: number },
): Promise<QuotaPollClaim | null> {
  const now = toDate(options.now);
  const [claimed] = await prisma.$queryRaw<ClaimRow[]>`
    INSERT INTO quota_poll AS poll (connection_id, workspace_id, due_at, read_at, lease_until)
    VALUES (${connection.id}, ${connection.workspaceId}, ${now}, ${now},
      clock_timestamp() + ${options.leaseMs}::int * interval '1 millisecond')
    ON CONFLICT (connection_id) DO UPDATE SET read_at = excluded.read_at, lease_until = excluded.lease_until
      WHERE (poll.lease_until IS NULL OR poll.lease_until < clock_timestamp())
        AND (poll.read_at IS NULL OR poll.read_at <= ${toDate(options.now - options.floorMs)})
    RETURNING connection_id, workspace_id, failures`;
  return claimed === undefined ? null : toClaim(claimed);
}

/** Gives a claim back with the time of the next reading. */
export async function finishQuotaPoll(
  prisma: PrismaClient,
  connectionId: string,
  next: { dueAt: number; failures: number },
): Promise<void> {
  await prisma.quotaPoll.updateMany({
    where: { connectionId },
    data: { dueAt: toDate(next.dueAt), failures: next.failures, leaseUntil: null },
  });
}

function toClaim(row: ClaimRow): QuotaPollClaim {
  return { connectionId: row.connection_id, workspaceId: row.workspace_id, failures: row.failures };
}
