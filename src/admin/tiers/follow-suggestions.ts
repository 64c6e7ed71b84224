/** Keeps the targets of tiers that no operator has touched what is suggested from what is connected. */
import { SUGGESTIONS_QUIET_MS } from '../../config/routing-limits.js';
import type { Clock } from '../../domain/clock.js';
import type { Bus } from '../../live/bus.js';
import type { Logger } from '../../observability/logger.js';
import type { Database } from '../../persistence/database.js';
import { readSnapshotSource, type SnapshotSource } from '../../persistence/snapshot-source.js';
import { listTiers, lockTiers, replaceTargets, updateTier } from '../../persistence/tiers.js';
import { listWorkspaceIds } from '../../persistence/workspaces.js';
import { isShippedTier, suggestTargets, type SuggestibleModel } from '../../routing/suggest-targets.js';
import type { AdminContext } from '../actor.js';
import { auditChange } from './update.js';

export interface SuggestionsDeps {
  readonly database: Database;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface Suggestions {
  /** Resolves when nothing is left to look at. */
  settled(): Promise<void>;
  /** Stops, and waits for a look under way. */
  close(): Promise<void>;
}

/** Starts to look, at every workspace once and then at those that change. */
export function followSuggestions(deps: SuggestionsDeps): Suggestions {
  const { bus, database, logger } = deps;
  const changed = new Set<string>();
  let timer: NodeJS.Timeout | null = null;
  let looking: Promise<void> | null = null;
  let closed = false;

  const look = async (): Promise<void> => {
    for (const workspaceId of changed) {
      changed.delete(workspaceId);
      if (closed) return;
      try {
        if (await renewSuggestions(deps, workspaceId)) bus.publish('config.changed', { workspaceId });
      } catch (error) {
        logger.error({ err: error, workspaceId }, 'suggested targets could not be renewed');
      }
    }
  };
  const lookNow = (): Promise<void> => {
    if (timer) clearTimeout(timer);
    timer = null;
    looking ??= look().finally(() => {
      looking = null;
    });
    return looking;
  };
  const unsubscribe = bus.subscribe('config.changed', ({ workspaceId }) => {
    changed.add(workspaceId);
    timer ??= closed ? null : setTimeout(() => void lookNow(), SUGGESTIONS_QUIET_MS);
  });
  const first = listWorkspaceIds(database.prisma).then(
    (ids) => {
      for (const id of ids) changed.add(id);
      return lookNow();
    },
    (error: unknown) => logger.error({ err: error }, 'suggested targets wait for the next change'),
  );

  return {
    async settled() {
      await first;
      while (changed.size > 0 || looking) await lookNow();
    },
    async close() {
      closed = true;
      unsubscribe();
      if (timer) clearTimeout(timer);
      await first;
      await looking;
    },
  };
}

/** Writes what is suggested now where it differs; answers whether it did anywhere. */
async function renewSuggestions(
  deps: Pick<SuggestionsDeps, 'database' | 'clock'>,
  workspaceId: string,
): Promise<boolean> {
  const { clock, database } = deps;
  const rows = database.workspace(workspaceId);
  if (!(await listTiers(rows)).some(({ suggested }) => suggested)) return false;
  const source = await readSnapshotSource(database.prisma, clock.now(), workspaceId);
  const suggestions = suggestTargets(suggestibleModels(source));
  return rows.$transaction(async (tx) => {
    await lockTiers(tx, workspaceId);
    const present = await listTiers(tx);
    let renewed = false;
    for (const tier of present) {
      if (!tier.suggested || !isShippedTier(tier.slug)) continue;
      const targets = suggestions[tier.slug];
      if (JSON.stringify(targets) === JSON.stringify(tier.targets)) continue;
      await replaceTargets(tx, tier, targets);
      await updateTier(tx, tier.id, {}, clock.now());
      await auditChange(deps, systemContext(workspaceId), tx, 'routing_tier.set_targets', tier, present);
      renewed = true;
    }
    return renewed;
  });
}

function suggestibleModels(source: SnapshotSource): SuggestibleModel[] {
  const connections = new Map(source.connections.map((connection) => [connection.id, connection]));
  const prices = new Map(source.prices.map((price) => [price.modelId, price]));
  const ways = new Map<string, SuggestibleModel['ways'][number][]>();
  for (const { modelId, connectionId } of source.routes) {
    const connection = connections.get(connectionId);
    if (!connection) continue;
    const known = ways.get(modelId);
    if (known) known.push(connection);
    else ways.set(modelId, [connection]);
  }
  return source.models.flatMap((model) => {
    const own = ways.get(model.id);
    return own ? [{ ...model, price: prices.get(model.id) ?? null, ways: own }] : [];
  });
}

/** Nobody's order, nobody's address. */
function systemContext(workspaceId: string): AdminContext {
  return {
    actor: { kind: 'SYSTEM', id: null, name: 'switchyard', scopes: [], workspaceId, expiresAt: null },
    ip: null,
    requestId: null,
    signal: new AbortController().signal,
  };
}
