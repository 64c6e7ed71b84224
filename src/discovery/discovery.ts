/** The job that asks providers for their models: planned in a transaction, run in the background, followed over the bus. */
import {
  DISCOVERY_CONCURRENCY,
  DISCOVERY_CONCURRENCY_PER_PROVIDER,
  DISCOVERY_LEASE_MS,
} from '../config/limits.js';
import { newId } from '../domain/ids.js';
import type { ConnectionRecord, DiscoveryResultRecord, DiscoveryRunRecord } from '../domain/records.js';
import type { DiscoveryTrigger, JobStatus } from '../domain/vocabulary.js';
import {
  beginRun,
  endRun,
  failAbandonedRuns,
  findOpenRuns,
  finishOpenResults,
  insertRun,
  lockRuns,
  renewLeases,
} from '../persistence/discovery-runs.js';
import type { ScopedTransaction } from '../persistence/workspace-scope.js';
import { discoverConnection, type DiscoverConnectionDeps } from './discover-connection.js';

export interface PlannedRun {
  readonly run: DiscoveryRunRecord;
  /** False for one that was open before. */
  readonly isNew: boolean;
}

export interface Discovery {
  /**
   * Plans a run within a transaction; an open run over the same connections is answered instead. Whoever planned calls
   * `launch` after the commit.
   */
  plan(
    rows: ScopedTransaction,
    workspaceId: string,
    connections: readonly ConnectionRecord[],
    trigger: DiscoveryTrigger,
  ): Promise<PlannedRun>;
  /** Begins a planned run in the background; does nothing for one that was begun before. */
  launch(run: DiscoveryRunRecord): void;
  /** Ends a run as cancelled within a transaction; false when it had ended before. Call `stop` after the commit. */
  cancel(rows: ScopedTransaction, runId: string): Promise<boolean>;
  /** Breaks off the work of a run that was cancelled. */
  stop(workspaceId: string, runId: string): void;
  /** Ends runs of nodes that died, told by leases that nobody renews; answers how many. */
  closeInterrupted(): Promise<number>;
  /** Resolves when no run is under way here. */
  settled(): Promise<void>;
  /** Stops what is under way, and waits for it. Its runs stay open and count as interrupted. */
  close(): Promise<void>;
}

interface RunningJob {
  readonly stop: AbortController;
  readonly ended: Promise<void>;
}

/** Makes the job's controls. */
export function createDiscovery(deps: DiscoverConnectionDeps): Discovery {
  const { bus, clock, database, logger } = deps;
  const jobs = new Map<string, RunningJob>();

  const execute = async (run: DiscoveryRunRecord, signal: AbortSignal): Promise<void> => {
    const rows = database.workspace(run.workspaceId);
    const announce = (): void => {
      bus.publish('discovery.progress', { workspaceId: run.workspaceId, runId: run.id, resultId: null });
    };
    if (!(await beginRun(rows, run.id, clock.now()))) return;
    announce();
    const statuses = await askAll(deps, run, signal);
    if (signal.aborted) return;
    if (await endRun(rows, run.id, statusOfRun(statuses), clock.now())) announce();
  };

  /** A run that was ended elsewhere is broken off here. */
  const renew = async (runId: string, stop: AbortController): Promise<void> => {
    try {
      const open = await renewLeases(database.prisma, [runId], DISCOVERY_LEASE_MS);
      if (open.length === 0) stop.abort();
    } catch (error) {
      logger.warn({ err: error, runId }, 'a discovery run could not renew its lease');
    }
  };

  return {
    async plan(rows, workspaceId, connections, trigger) {
      await lockRuns(rows, workspaceId);
      const wanted = new Set(connections.map(({ id }) => id));
      const open = (await findOpenRuns(rows)).find(({ results }) => coversExactly(results, wanted));
      if (open) return { run: open, isNew: false };
      const run = newRun(workspaceId, connections, trigger, clock.now());
      await insertRun(rows, run, DISCOVERY_LEASE_MS);
      return { run, isNew: true };
    },
    launch(run) {
      if (run.status !== 'QUEUED' || jobs.has(run.id)) return;
      const stop = new AbortController();
      const alive = setInterval(() => void renew(run.id, stop), DISCOVERY_LEASE_MS / 3).unref();
      const ended = execute(run, stop.signal)
        .catch((error: unknown) => {
          logger.error({ err: error, runId: run.id }, 'a discovery run broke off');
          return failRun(deps, run);
        })
        .finally(() => {
          clearInterval(alive);
          jobs.delete(run.id);
        });
      jobs.set(run.id, { stop, ended });
    },
    async cancel(rows, runId) {
      const now = clock.now();
      if (!(await endRun(rows, runId, 'CANCELLED', now))) return false;
      await finishOpenResults(rows, runId, 'CANCELLED', now);
      return true;
    },
    stop(workspaceId, runId) {
      jobs.get(runId)?.stop.abort();
      bus.publish('discovery.progress', { workspaceId, runId, resultId: null });
    },
    async closeInterrupted() {
      // After a pause of the whole machine its own runs would look abandoned, too.
      if (jobs.size > 0) await renewLeases(database.prisma, [...jobs.keys()], DISCOVERY_LEASE_MS);
      return failAbandonedRuns(database.prisma, clock.now());
    },
    async settled() {
      while (jobs.size > 0) await Promise.all([...jobs.values()].map(({ ended }) => ended));
    },
    async close() {
      const left = [...jobs.keys()];
      for (const { stop } of jobs.values()) stop.abort();
      await this.settled();
      // Others need not wait for the leases to run out.
      if (left.length > 0) await renewLeases(database.prisma, left, 0).catch(() => undefined);
    },
  };
}

/** Asks the run's connections, a few at a time in all and fewer of each provider. */
async function askAll(
  deps: DiscoverConnectionDeps,
  run: DiscoveryRunRecord,
  signal: AbortSignal,
): Promise<readonly JobStatus[]> {
  const statuses: JobStatus[] = [];
  const waiting = [...run.results];
  const asking = new Map<string, number>();
  const count = (provider: string, change: number): void => {
    asking.set(provider, (asking.get(provider) ?? 0) + change);
  };
  const takeNext = (): DiscoveryResultRecord | undefined => {
    const index = waiting.findIndex(
      ({ provider }) => (asking.get(provider) ?? 0) < DISCOVERY_CONCURRENCY_PER_PROVIDER,
    );
    return index === -1 ? undefined : waiting.splice(index, 1)[0];
  };
  // A worker may leave when it finds nothing to take: whoever holds a provider's place looks again when it is free.
  const work = async (): Promise<void> => {
    for (let result = takeNext(); result && !signal.aborted; result = takeNext()) {
      count(result.provider, 1);
      const status = await discoverConnection(deps, result, run.workspaceId, signal);
      count(result.provider, -1);
      if (status === null) return;
      statuses.push(status);
    }
  };
  await Promise.all(Array.from({ length: Math.min(DISCOVERY_CONCURRENCY, run.results.length) }, work));
  return statuses;
}

/** Last resort for a run whose own writes failed. */
async function failRun(deps: DiscoverConnectionDeps, run: DiscoveryRunRecord): Promise<void> {
  try {
    const now = deps.clock.now();
    const ended = await deps.database.workspace(run.workspaceId).$transaction(async (tx) => {
      await finishOpenResults(tx, run.id, 'FAILED', now);
      return endRun(tx, run.id, 'FAILED', now);
    });
    if (ended)
      deps.bus.publish('discovery.progress', { workspaceId: run.workspaceId, runId: run.id, resultId: null });
  } catch (error) {
    deps.logger.error({ err: error, runId: run.id }, 'a discovery run stays open until the next start');
  }
}

function statusOfRun(statuses: readonly JobStatus[]): JobStatus {
  if (statuses.every((status) => status === 'SUCCEEDED')) return 'SUCCEEDED';
  return statuses.includes('SUCCEEDED') ? 'PARTIAL' : 'FAILED';
}

function coversExactly(results: readonly DiscoveryResultRecord[], wanted: ReadonlySet<string>): boolean {
  return (
    results.length === wanted.size &&
    results.every(({ connectionId }) => connectionId !== null && wanted.has(connectionId))
  );
}

function newRun(
  workspaceId: string,
  connections: readonly ConnectionRecord[],
  trigger: DiscoveryTrigger,
  now: number,
): DiscoveryRunRecord {
  const id = newId('run', now);
  return {
    id,
    workspaceId,
    trigger,
    status: 'QUEUED',
    connectionsTotal: connections.length,
    createdAt: now,
    startedAt: null,
    finishedAt: null,
    results: connections.map((connection) => ({
      id: newId('result', now),
      runId: id,
      connectionId: connection.id,
      provider: connection.provider,
      status: 'QUEUED',
      modelsFound: 0,
      modelsAdded: [],
      modelsRemoved: [],
      failure: null,
      durationMs: null,
      finishedAt: null,
    })),
  };
}
