/** Reads one connection's quota and stores it: windows and whether the plan is in force, in one transaction. */
import type { Clock } from '../domain/clock.js';
import type { UpstreamFailure } from '../domain/failure.js';
import { endedWindows } from '../domain/past-quota.js';
import { isCurrent, type HeaderReading, type QuotaReading } from '../domain/quota.js';
import type { ConnectionRecord } from '../domain/records.js';
import type { Bus } from '../live/bus.js';
import type { Logger } from '../observability/logger.js';
import {
  findConnection,
  findSealedSecret,
  holdConnectionAlone,
  recordPlanActive,
} from '../persistence/connections.js';
import type { Database } from '../persistence/database.js';
import { keepPastQuotaWindows, lastEndsOfQuotaWindows } from '../persistence/past-quota-windows.js';
import { findQuotaWindows, replaceQuotaWindows } from '../persistence/quota-windows.js';
import type { ScopedTransaction } from '../persistence/workspace-scope.js';
import type { OfferingDefinition } from '../providers/define-provider.js';
import { connectionSecretBinding } from '../secrets/connection-secret.js';
import { VaultError, type Vault } from '../secrets/vault.js';
import type { HttpGet } from '../upstream/http-get.js';
import { differs, fellWithoutReset, isStale, mattersForRouting, settle } from './sanity.js';
import { stateQuota, type StatedQuota } from './state-quota.js';

export interface TakeReadingDeps {
  readonly database: Database;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly vault: Vault;
  readonly http: HttpGet;
}

export type TakenReading =
  | { readonly ok: true; readonly readings: readonly QuotaReading[] }
  | { readonly ok: false; readonly failure: UpstreamFailure };

/** What cannot be renewed stays as it is until it says nothing any more. */
export async function takeReading(
  deps: TakeReadingDeps,
  connection: ConnectionRecord,
  offering: OfferingDefinition,
  signal?: AbortSignal,
): Promise<TakenReading> {
  const { workspaceId, id } = connection;
  const rows = deps.database.workspace(workspaceId);
  const [before = []] = await findQuotaWindows(rows, [id]);
  const stated = await stateCarefully(deps, connection, offering, before, signal);
  const now = deps.clock.now();
  if (!stated.ok) {
    const left = before.filter((reading) => !isStale(reading, now));
    if (left.length < before.length) {
      await store(deps, connection, { before, after: left, active: null, readAt: now });
    }
    return stated;
  }
  const settled = settle(stated.windows, before, stated.source, now);
  const after = stated.source === 'REPORTED' ? settled : withReported(settled, before, now);
  await store(deps, connection, { before, after, active: stated.active, readAt: now });
  return { ok: true, readings: after };
}

/** Stores windows that an answer stated in passing, in the place of those of the same name. */
export async function takeHeaders(
  deps: Pick<TakeReadingDeps, 'database' | 'bus'>,
  { workspaceId, connectionId, windows, observedAt }: HeaderReading,
): Promise<void> {
  const rows = deps.database.workspace(workspaceId);
  const connection = await findConnection(rows, connectionId);
  if (connection === null) return;
  const [before = []] = await findQuotaWindows(rows, [connectionId]);
  const known = (name: string) => before.find((reading) => reading.name === name);
  // Answers overtake each other.
  const news = windows.filter(({ name }) => (known(name)?.observedAt ?? 0) <= observedAt);
  if (news.length === 0) return;
  const settled = settle(news, before, 'REPORTED', observedAt);
  const rest = before.filter(({ name }) => settled.every((reading) => reading.name !== name));
  await store(deps, connection, { before, after: [...settled, ...rest], active: null, readAt: observedAt });
}

/** An estimate does not replace what the provider stated of the same window itself. */
function withReported(
  estimated: readonly QuotaReading[],
  before: readonly QuotaReading[],
  now: number,
): readonly QuotaReading[] {
  const reported = before.filter(
    (reading) => reading.source === 'REPORTED' && isCurrent(reading, now) && !isStale(reading, now),
  );
  const others = estimated.filter(({ name }) => reported.every((reading) => reading.name !== name));
  return [...reported, ...others];
}

/** A window that fell without a reset is looked at once more: a provider in trouble states zeros. */
async function stateCarefully(
  deps: TakeReadingDeps,
  connection: ConnectionRecord,
  offering: OfferingDefinition,
  before: readonly QuotaReading[],
  signal: AbortSignal | undefined,
): Promise<StatedQuota> {
  const rows = deps.database.workspace(connection.workspaceId);
  let secret: string | null;
  try {
    const sealed = await findSealedSecret(rows, connection.id);
    const binding = connectionSecretBinding(connection.workspaceId, connection.id);
    secret = sealed === null ? null : deps.vault.open(sealed, binding);
  } catch (error) {
    if (!(error instanceof VaultError)) throw error;
    const message = `The stored secret cannot be read: ${error.message} Store it again.`;
    return { ok: false, failure: { class: 'AUTHENTICATION', httpStatus: null, message, retryAt: null } };
  }
  const access = { offering, settings: connection, secret };
  const state = (): Promise<StatedQuota> =>
    stateQuota({ ...deps, sql: deps.database }, access, connection, signal);
  const first = await state();
  if (!first.ok || first.source === 'ESTIMATED') return first;
  const settled = settle(first.windows, before, first.source, deps.clock.now());
  return fellWithoutReset(before, settled) ? state() : first;
}

interface Change {
  readonly before: readonly QuotaReading[];
  readonly after: readonly QuotaReading[];
  /** Null when the provider does not say. */
  readonly active: boolean | null;
  readonly readAt: number;
}

async function store(
  deps: Pick<TakeReadingDeps, 'database' | 'bus'>,
  { workspaceId, id, planActive }: ConnectionRecord,
  { before, after, active, readAt }: Change,
): Promise<void> {
  const stored = await deps.database.workspace(workspaceId).$transaction(async (tx) => {
    if (!(await holdConnectionAlone(tx, workspaceId, id))) return false;
    await keepEnded(tx, { workspaceId, id }, after, readAt);
    await replaceQuotaWindows(tx, workspaceId, id, after);
    if (active !== null && active !== planActive) await recordPlanActive(tx, id, active);
    return true;
  });
  if (!stored) return;
  if (differs(before, after) || (active !== null && active !== planActive)) {
    deps.bus.publish('quota.changed', { workspaceId, connectionId: id });
  }
  if (mattersForRouting(before, after)) deps.bus.publish('config.changed', { workspaceId });
}

/** What `after` ends is compared with what is stored now: another node may have seen the end first. */
async function keepEnded(
  tx: ScopedTransaction,
  { workspaceId, id }: Pick<ConnectionRecord, 'workspaceId' | 'id'>,
  after: readonly QuotaReading[],
  readAt: number,
): Promise<void> {
  const [now = []] = await findQuotaWindows(tx, [id]);
  if (endedWindows(now, after, readAt, () => null).length === 0) return;
  const ends = await lastEndsOfQuotaWindows(tx, id);
  const ended = endedWindows(now, after, readAt, (name) => ends.get(name) ?? null);
  await keepPastQuotaWindows(tx, workspaceId, id, ended);
}
