/**
 * Measures limits whenever usage was recorded or a quota read, and raises an alert when one is passed: once, until the
 * value falls below the threshold again.
 */
import { LIMITS_QUIET_MS, LIMITS_REFRESH_MS } from '../../config/admission-limits.js';
import type { Clock } from '../../domain/clock.js';
import { newId } from '../../domain/ids.js';
import { inWindow } from '../../domain/limits.js';
import { formatUsd } from '../../domain/money.js';
import type { AlertRecord, UsageLimitRecord } from '../../domain/records.js';
import type { Bus } from '../../live/bus.js';
import type { Logger } from '../../observability/logger.js';
import { findOpenAlerts, insertAlert, resolveAlert } from '../../persistence/alerts.js';
import type { Database } from '../../persistence/database.js';
import { listLimits, lockLimits, noteFired, workspacesWithLimits } from '../../persistence/limits.js';
import { announce } from '../webhooks/announce.js';
import { measureLimits } from '../limits/measure.js';

export interface WatchLimitsDeps {
  readonly database: Database;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly refreshMs?: number;
}

export interface LimitWatch {
  /** Measures a workspace's limits now. */
  look(workspaceId: string): Promise<void>;
  /** Stops, and waits for a measurement under way. */
  close(): Promise<void>;
}

export function watchLimits(deps: WatchLimitsDeps): LimitWatch {
  const { database, bus, logger, refreshMs = LIMITS_REFRESH_MS } = deps;
  const waiting = new Set<string>();
  let timer: NodeJS.Timeout | null = null;
  let closed = false;
  let looking = Promise.resolve();

  const lookAtWaiting = async (): Promise<void> => {
    for (const workspaceId of waiting) {
      waiting.delete(workspaceId);
      await measure(deps, workspaceId).catch((error: unknown) =>
        logger.warn(
          { err: error, workspaceId },
          'limits could not be measured; they are again with the next usage',
        ),
      );
    }
  };
  const soon = (workspaceId: string): void => {
    waiting.add(workspaceId);
    if (closed) return;
    timer ??= setTimeout(() => {
      timer = null;
      looking = looking.then(lookAtWaiting);
    }, LIMITS_QUIET_MS);
  };
  const all = (): void => {
    workspacesWithLimits(database).then(
      (ids) => ids.forEach(soon),
      (error: unknown) => logger.warn({ err: error }, 'limits could not be read'),
    );
  };

  const heard = ({ workspaceId }: { readonly workspaceId: string }): void => soon(workspaceId);
  const unsubscribe = [
    bus.subscribe('usage.recorded', heard),
    bus.subscribe('quota.changed', heard),
    bus.subscribe('config.changed', heard),
  ];
  const refresh = setInterval(all, refreshMs);
  refresh.unref();
  all();
  return {
    look: (workspaceId) => measure(deps, workspaceId),
    async close() {
      closed = true;
      for (const end of unsubscribe) end();
      clearInterval(refresh);
      if (timer) clearTimeout(timer);
      await looking;
    },
  };
}

/** Looks first without a lock: mostly nothing has passed anything. */
async function measure(deps: WatchLimitsDeps, workspaceId: string): Promise<void> {
  const { database, bus, clock } = deps;
  const rows = database.workspace(workspaceId);
  const limits = await listLimits(rows);
  if (limits.length === 0) return;
  const values = await measureLimits(database, workspaceId, limits, clock.now());
  const isPassed = new Map(limits.map((limit, i) => [limit.id, (values[i] ?? 0n) >= limit.threshold]));
  const changes = await rows.$transaction(async (tx) => {
    const open = await findOpenAlerts(tx);
    const isDue = limits.some(({ id }) => isPassed.get(id) !== open.some(({ limitId }) => limitId === id));
    if (!isDue) return [];
    // Another node may be at it; of both, one raises the alert. A limit may have changed since it was measured.
    await lockLimits(tx, workspaceId);
    const still = new Map((await listLimits(tx)).map((limit) => [limit.id, limit]));
    const changed: string[] = [];
    const openNow = await findOpenAlerts(tx);
    for (const [i, limit] of limits.entries()) {
      const now = still.get(limit.id);
      if (!now || now.updatedAt !== limit.updatedAt) continue;
      const alert = openNow.find(({ limitId }) => limitId === limit.id);
      const passed = isPassed.get(limit.id) === true;
      if (passed && !alert) {
        const fired = alertOf(limit, values[i] ?? 0n, clock.now());
        await insertAlert(tx, fired);
        await noteFired(tx, limit.id, fired.firedAt);
        await announce(tx, 'alert.fired', fired, limit, clock.now());
        changed.push(fired.id);
      } else if (!passed && alert) {
        const resolvedAt = clock.now();
        await resolveAlert(tx, alert.id, resolvedAt);
        await announce(tx, 'alert.resolved', { ...alert, resolvedAt }, limit, resolvedAt);
        changed.push(alert.id);
      }
    }
    return changed;
  });
  for (const alertId of changes) bus.publish('alert.changed', { workspaceId, alertId });
  const blocks = limits.some(({ action }) => action === 'BLOCK');
  if (changes.length > 0 && blocks) bus.publish('config.changed', { workspaceId });
}

const UNITS: Record<UsageLimitRecord['metric'], string> = {
  COST_USD: 'USD spent',
  TOKENS: 'tokens used',
  REQUESTS: 'requests made',
  FAILURE_RATE: 'of requests failed',
  QUOTA_PERCENT: '% of a plan quota used',
};

function alertOf(limit: UsageLimitRecord, value: bigint, now: number): AlertRecord {
  const { id, workspaceId, name, metric, window, threshold, action } = limit;
  const when = metric === 'QUOTA_PERCENT' ? '' : ` ${inWindow(window)}`;
  const consequence = action === 'BLOCK' ? ' Further requests are refused.' : '';
  return {
    id: newId('alert', now),
    workspaceId,
    limitId: id,
    message: `"${name}": ${formatUsd(value)} ${UNITS[metric]}${when}; the limit is ${formatUsd(threshold)}.${consequence}`,
    value,
    firedAt: now,
    resolvedAt: null,
    acknowledgedAt: null,
    acknowledgedBy: null,
  };
}
