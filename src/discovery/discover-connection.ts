/** Asks one connection for its models and commits what came of it: models, outcome and health in one transaction. */
import type { Clock } from '../domain/clock.js';
import type { UpstreamFailure } from '../domain/failure.js';
import type { ConnectionRecord, DiscoveryResultRecord, HealthRecord } from '../domain/records.js';
import type { JobStatus } from '../domain/vocabulary.js';
import type { Bus } from '../live/bus.js';
import type { Logger } from '../observability/logger.js';
import {
  findConnection,
  findSealedSecret,
  holdConnection,
  recordHealth,
} from '../persistence/connections.js';
import { readProviders } from '../persistence/custom-providers.js';
import type { Database } from '../persistence/database.js';
import { finishResult, holdResult, type ResultOutcome } from '../persistence/discovery-runs.js';
import type { ScopedTransaction } from '../persistence/workspace-scope.js';
import type { OfferingDefinition } from '../providers/define-provider.js';
import { connectionSecretBinding } from '../secrets/connection-secret.js';
import { VaultError, type Vault } from '../secrets/vault.js';
import type { HttpGet } from '../upstream/http-get.js';
import { applyFailure, applyListing } from './apply-listing.js';
import { describeModel, type FactsLookup } from './describe-model.js';
import { healthAfterListing } from './health.js';
import { listModels, type ModelListing } from './list-models.js';

export interface DiscoverConnectionDeps {
  readonly database: Database;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly vault: Vault;
  readonly http: HttpGet;
  readonly factsFor: FactsLookup;
}

/** Does one connection's part of a run; answers how it ended, null when the run was stopped meanwhile. */
export async function discoverConnection(
  deps: DiscoverConnectionDeps,
  result: DiscoveryResultRecord,
  workspaceId: string,
  signal: AbortSignal,
): Promise<JobStatus | null> {
  const rows = deps.database.workspace(workspaceId);
  const startedAt = deps.clock.monotonic();
  if (!(await holdResult(rows, result.id))) return null;
  const connection = result.connectionId === null ? null : await findConnection(rows, result.connectionId);
  const asked = connection && (await askForModels(deps, connection, signal));
  if (signal.aborted) return null;

  const durationMs = Math.round(deps.clock.monotonic() - startedAt);
  const committed = await rows.$transaction(async (tx): Promise<Committed | null> => {
    if (!(await holdResult(tx, result.id))) return null;
    const there = connection !== null && (await holdConnection(tx, workspaceId, connection.id));
    const { outcome, health } =
      there && asked !== null
        ? await apply(deps, tx, connection, asked)
        : { outcome: { ...NOTHING_FOUND, status: 'CANCELLED' as const }, health: null };
    await finishResult(tx, result.id, { ...outcome, durationMs }, deps.clock.now());
    return { outcome, health };
  });
  if (committed === null) return null;

  const { outcome, health } = committed;
  const connectionId = result.connectionId ?? '';
  if (outcome.failure) {
    deps.logger.warn(
      { connectionId, failureClass: outcome.failure.class },
      'a connection could not list its models',
    );
  }
  deps.bus.publish('discovery.progress', { workspaceId, runId: result.runId, resultId: result.id });
  deps.bus.publish('config.changed', { workspaceId });
  if (health) deps.bus.publish('connection.health', { workspaceId, connectionId });
  return outcome.status;
}

interface Committed {
  readonly outcome: Omit<ResultOutcome, 'durationMs'>;
  readonly health: HealthRecord | null;
}

interface AskedConnection {
  /** Null when this version does not know it. */
  readonly offering: OfferingDefinition | null;
  readonly listing: ModelListing;
}

const NOTHING_FOUND: Omit<Committed['outcome'], 'status'> = {
  modelsFound: 0,
  modelsAdded: [],
  modelsRemoved: [],
  failure: null,
};

async function apply(
  deps: DiscoverConnectionDeps,
  tx: ScopedTransaction,
  connection: ConnectionRecord,
  { offering, listing }: AskedConnection,
): Promise<Committed> {
  const now = deps.clock.now();
  const failure = listing.ok ? null : listing.failure;
  const health = offering && healthAfterListing(offering, failure, connection.health, now);
  if (health) await recordHealth(tx, connection.id, health);
  if (!listing.ok || offering === null) {
    await applyFailure(tx, connection);
    return { outcome: { ...NOTHING_FOUND, status: 'FAILED', failure }, health };
  }
  const described = listing.models.map((model) => describeModel(offering, model, deps.factsFor, now));
  const { added, removed } = await applyListing(tx, connection, described, now);
  const outcome = {
    status: 'SUCCEEDED' as const,
    modelsFound: described.length,
    modelsAdded: added,
    modelsRemoved: removed,
    failure: null,
  };
  return { outcome, health };
}

async function askForModels(
  deps: DiscoverConnectionDeps,
  connection: ConnectionRecord,
  signal: AbortSignal,
): Promise<AskedConnection> {
  const rows = deps.database.workspace(connection.workspaceId);
  const offering = (await readProviders(rows)).offeringOf(connection);
  if (offering === null) {
    const name = `${connection.provider}/${connection.offering}`;
    return {
      offering,
      listing: refused('INVALID_REQUEST', `This version does not know the offering ${name}.`),
    };
  }
  const { workspaceId, id } = connection;
  try {
    const sealed = await findSealedSecret(rows, id);
    const secret = sealed === null ? null : deps.vault.open(sealed, connectionSecretBinding(workspaceId, id));
    return { offering, listing: await listModels(deps, { offering, settings: connection, secret }, signal) };
  } catch (error) {
    if (!(error instanceof VaultError)) throw error;
    const message = `The stored secret cannot be read: ${error.message} Store it again.`;
    return { offering, listing: refused('AUTHENTICATION', message) };
  }
}

function refused(failureClass: UpstreamFailure['class'], message: string): ModelListing {
  return { ok: false, failure: { class: failureClass, httpStatus: null, message, retryAt: null } };
}
