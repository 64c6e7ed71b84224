/** Keeps the quota of every plan known: one node reads each, gently, and again when somebody asks. */
import {
  QUOTA_CHECK_MS,
  QUOTA_CONCURRENCY,
  QUOTA_FLOOR_MS,
  QUOTA_INTERVAL_IN_USE_MS,
  QUOTA_LEASE_MS,
  QUOTA_UNKNOWN_INTERVAL_MS,
} from '../config/routing-limits.js';
import { HOUR_MS } from '../domain/time-range.js';
import type { UpstreamFailure } from '../domain/failure.js';
import type { HeaderReading } from '../domain/quota.js';
import type { ConnectionRecord } from '../domain/records.js';
import { checkRegularly } from '../observability/regular-check.js';
import { findConnection } from '../persistence/connections.js';
import { readProviders } from '../persistence/custom-providers.js';
import {
  claimDueQuotaPolls,
  claimQuotaPoll,
  finishQuotaPoll,
  hastenQuotaPolls,
  planQuotaPolls,
  type QuotaPollClaim,
} from '../persistence/quota-polls.js';
import { lastHourOfUse } from '../persistence/quota-use.js';
import type { OfferingDefinition } from '../providers/define-provider.js';
import { nextReading, nextTry, UNUSED_MS } from './next-reading.js';
import { takeHeaders, takeReading, type TakeReadingDeps, type TakenReading } from './take-reading.js';

/** What came of asking now. */
export type RefreshedQuota =
  | { readonly kind: 'read' }
  /** Read a moment ago, or just being read. */
  | { readonly kind: 'recent' }
  | { readonly kind: 'failed'; readonly failure: UpstreamFailure };

export interface QuotaPoller {
  /** Looks once for what is due and reads it; answers the connections it read. */
  check(): Promise<readonly string[]>;
  /** Reads one connection now, unless it was read a moment ago. */
  refresh(connection: ConnectionRecord): Promise<RefreshedQuota>;
  /** Stores what an answer said in passing. Returns at once. */
  note(reading: HeaderReading): void;
  /** Stops, and waits for what is under way. */
  close(): Promise<void>;
}

export interface QuotaPollerDeps extends TakeReadingDeps {
  readonly checkEveryMs?: number;
  /** 0 to 1, differently each time. */
  readonly random?: () => number;
}

/** Starts to look. It never rejects: what fails is tried again later. */
export function createQuotaPoller(deps: QuotaPollerDeps): QuotaPoller {
  const { bus, clock, database, logger, checkEveryMs = QUOTA_CHECK_MS, random = Math.random } = deps;
  const { prisma } = database;
  const stop = new AbortController();
  const used = new Set<string>();
  let noting: Promise<void> = Promise.resolve();

  const unsubscribe = bus.subscribe('attempts.recorded', ({ attempts }) => {
    for (const { connectionId, failure } of attempts) if (failure === null) used.add(connectionId);
  });

  const read = async (claim: QuotaPollClaim): Promise<TakenReading | null> => {
    const { connectionId, workspaceId } = claim;
    const rows = database.workspace(workspaceId);
    const connection = await findConnection(rows, connectionId);
    if (connection === null) return null;
    const offering = (await readProviders(rows)).offeringOf(connection);
    const taken = offering && (await takeReading(deps, connection, offering, stop.signal));
    const knowable = offering !== null && isKnowable(offering, connection.planCode);
    const next = await planNext(claim, offering, knowable ? taken : null);
    await finishQuotaPoll(prisma, connectionId, next);
    if (taken?.ok === false && next.failures === 1 && !stop.signal.aborted) {
      logger.warn({ connectionId, failureClass: taken.failure.class }, "a plan's quota could not be read");
    }
    return taken;
  };

  const planNext = async (
    claim: QuotaPollClaim,
    offering: OfferingDefinition | null,
    taken: TakenReading | null,
  ): Promise<{ dueAt: number; failures: number }> => {
    const now = clock.now();
    const facts = { now, minIntervalMs: offering?.quota?.minIntervalMs ?? 0, spread: random() };
    // What a stop broke off was no failure of the provider's.
    if (stop.signal.aborted) return { dueAt: now, failures: claim.failures };
    if (taken === null) return { dueAt: now + QUOTA_UNKNOWN_INTERVAL_MS, failures: 0 };
    if (!taken.ok) {
      const failures = claim.failures + 1;
      return { dueAt: Math.max(nextTry({ ...facts, failures }), taken.failure.retryAt ?? 0), failures };
    }
    const hour = await lastHourOfUse(
      database,
      claim.workspaceId,
      claim.connectionId,
      now - UNUSED_MS - HOUR_MS,
    );
    const lastUsedAt = hour === null ? null : Math.min(now, hour + HOUR_MS);
    return { dueAt: nextReading({ ...facts, readings: taken.readings, lastUsedAt }), failures: 0 };
  };

  const readSafely = async (claim: QuotaPollClaim): Promise<void> => {
    try {
      await read(claim);
    } catch (error) {
      logger.error({ err: error, connectionId: claim.connectionId }, "a plan's quota could not be stored");
      const failures = claim.failures + 1;
      const dueAt = nextTry({ now: clock.now(), minIntervalMs: 0, spread: random(), failures });
      // Without the database the claim runs out by itself.
      await finishQuotaPoll(prisma, claim.connectionId, { dueAt, failures }).catch(() => undefined);
    }
  };

  const look = async (): Promise<readonly string[]> => {
    await planQuotaPolls(prisma, clock.now());
    const inUse = [...used];
    used.clear();
    if (inUse.length > 0) await hastenQuotaPolls(prisma, inUse, QUOTA_INTERVAL_IN_USE_MS);
    const looked: string[] = [];
    while (!stop.signal.aborted) {
      const claims = await claimDueQuotaPolls(prisma, {
        now: clock.now(),
        floorMs: QUOTA_FLOOR_MS,
        leaseMs: QUOTA_LEASE_MS,
        limit: QUOTA_CONCURRENCY,
      });
      await Promise.all(claims.map(readSafely));
      looked.push(...claims.map(({ connectionId }) => connectionId));
      if (claims.length < QUOTA_CONCURRENCY) break;
    }
    return looked;
  };

  const regular = checkRegularly({
    look,
    everyMs: checkEveryMs,
    logger,
    complaint: 'nobody can look which quota is due to be read',
  });

  return {
    check: regular.check,
    async refresh(connection) {
      const { offeringOf } = await readProviders(database.workspace(connection.workspaceId));
      const minIntervalMs = offeringOf(connection)?.quota?.minIntervalMs ?? 0;
      const claim = await claimQuotaPoll(prisma, connection, {
        now: clock.now(),
        // Two readings in an interval are within what a provider allows; ten clicks are not.
        floorMs: Math.max(QUOTA_FLOOR_MS, minIntervalMs / 2),
        leaseMs: QUOTA_LEASE_MS,
      });
      if (claim === null) return { kind: 'recent' };
      const taken = await read(claim);
      return taken?.ok === false ? { kind: 'failed', failure: taken.failure } : { kind: 'read' };
    },
    note(reading) {
      if (stop.signal.aborted) return;
      // The next answer says it again.
      noting = noting
        .then(() => takeHeaders(deps, reading))
        .catch((error: unknown) => logger.debug({ err: error }, "a plan's headers were not stored"));
    },
    async close() {
      unsubscribe();
      stop.abort();
      await Promise.all([noting, regular.close()]);
    },
  };
}

/** Whether there is anything to read or to estimate. */
function isKnowable({ quota, publishedWindows }: OfferingDefinition, planCode: string | null): boolean {
  return quota !== undefined || (planCode !== null && publishedWindows?.[planCode] !== undefined);
}
