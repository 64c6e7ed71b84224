/** Asks every workspace's connections for their models now and then, once across nodes, and ends runs whose node died. */
import { DISCOVERY_CHECK_MS } from '../config/limits.js';
import type { Clock } from '../domain/clock.js';
import type { DiscoveryRunRecord } from '../domain/records.js';
import type { Logger } from '../observability/logger.js';
import { checkRegularly } from '../observability/regular-check.js';
import { findEnabledConnections } from '../persistence/connections.js';
import type { Database } from '../persistence/database.js';
import { findLatestRunBy, lockRuns } from '../persistence/discovery-runs.js';
import { listWorkspaceIds } from '../persistence/workspaces.js';
import type { Discovery } from './discovery.js';

/** Part of the interval by which runs are put off, differently each time, so that installations do not ask in step. */
const JITTER_SHARE = 0.1;

export interface DiscoverySchedule {
  /** Looks once for what is due, and begins it; answers the runs it began. */
  check(): Promise<readonly DiscoveryRunRecord[]>;
  /** Stops, and waits for a look under way. Runs under way are the discovery's own to end. */
  close(): Promise<void>;
}

export interface DiscoveryScheduleDeps {
  readonly database: Database;
  readonly discovery: Discovery;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Between two runs of a workspace; 0 for none. */
  readonly intervalMs: number;
  readonly checkEveryMs?: number;
}

/** Starts to look. */
export function createDiscoverySchedule(deps: DiscoveryScheduleDeps): DiscoverySchedule {
  const { database, discovery, logger, checkEveryMs = DISCOVERY_CHECK_MS } = deps;
  let closed = false;

  const look = async (): Promise<readonly DiscoveryRunRecord[]> => {
    await discovery.closeInterrupted();
    const begun: DiscoveryRunRecord[] = [];
    if (deps.intervalMs <= 0) return begun;
    for (const workspaceId of await listWorkspaceIds(database.prisma)) {
      if (closed) break;
      const run = await planIfDue(deps, workspaceId);
      if (run === null) continue;
      discovery.launch(run);
      begun.push(run);
    }
    return begun;
  };

  const regular = checkRegularly({
    look,
    everyMs: checkEveryMs,
    logger,
    complaint: 'scheduled discovery cannot look for what is due',
  });
  return {
    check: regular.check,
    close() {
      closed = true;
      return regular.close();
    },
  };
}

/** Under the lock of the workspace's runs, so that of several nodes that look, one finds it due. */
async function planIfDue(
  deps: DiscoveryScheduleDeps,
  workspaceId: string,
): Promise<DiscoveryRunRecord | null> {
  const rows = deps.database.workspace(workspaceId);
  return rows.$transaction(async (tx) => {
    await lockRuns(tx, workspaceId);
    const connections = await findEnabledConnections(tx);
    const [first] = connections;
    if (first === undefined) return null;
    const last = await findLatestRunBy(tx, 'SCHEDULED');
    // Each connection was asked when it was made; so the first scheduled run has as much time as any other.
    const since = last ?? {
      id: first.id,
      createdAt: Math.min(...connections.map(({ createdAt }) => createdAt)),
    };
    if (deps.clock.now() < dueAfter(since, deps.intervalMs)) return null;
    return (await deps.discovery.plan(tx, workspaceId, connections, 'SCHEDULED')).run;
  });
}

/** When the next run is due after `last`. The delay follows from its id, so that all nodes agree on it. */
export function dueAfter(
  last: { readonly id: string; readonly createdAt: number },
  intervalMs: number,
): number {
  let hash = 0;
  for (const char of last.id) hash = (hash * 31 + (char.codePointAt(0) ?? 0)) % 1_000;
  return last.createdAt + intervalMs * (1 + (JITTER_SHARE * hash) / 1_000);
}
