/** The routing of a workspace as it stands in the database, put together the way the gateways do it. */
import type { Clock } from '../../domain/clock.js';
import { invariant } from '../../domain/errors.js';
import type { RouteTargetRecord, RoutingTierRecord } from '../../domain/records.js';
import type { SkipReason } from '../../domain/vocabulary.js';
import type { Database } from '../../persistence/database.js';
import { listDisabledRefs } from '../../persistence/models.js';
import { readSnapshotSource } from '../../persistence/snapshot-source.js';
import { candidatesOfTarget } from '../../routing/candidates.js';
import type { Candidate, Conditions, RequestTraits } from '../../routing/decision.js';
import { inStrategyOrder } from '../../routing/order.js';
import type { WorkspaceSnapshot } from '../../routing/snapshot.js';
import { compileTarget, compileWorkspace, type WorkspaceTable } from '../../routing/table.js';
import { buildSnapshot } from '../snapshot.js';
import { storedConditions } from './stored-conditions.js';

export interface RoutingView {
  readonly snapshot: WorkspaceSnapshot;
  readonly table: WorkspaceTable;
  readonly conditions: Conditions;
  /** Why a candidate would not be used; null when it would. */
  skipOf(candidate: Candidate): SkipReason | null;
  /** Why a target could not serve any request now; null when it could. */
  skipOfTarget(tier: RoutingTierRecord, target: RouteTargetRecord): SkipReason | null;
}

/** A request that asks for nothing in particular. */
const ANY_REQUEST: RequestTraits = {
  model: '',
  header: () => undefined,
  protocol: null,
  translatable: true,
  inputTokens: 0,
  outputTokens: 0,
  capabilities: [],
  classify: () => {
    throw new Error('Invariant broken: a target is judged without its request');
  },
};

/** Reads it, as of now. */
export async function readRoutingView(
  { clock, database }: { readonly clock: Clock; readonly database: Database },
  workspaceId: string,
): Promise<RoutingView> {
  const now = clock.now();
  const source = await readSnapshotSource(database.prisma, now, workspaceId);
  const disabled = new Set(await listDisabledRefs(database.workspace(workspaceId)));
  const [snapshot] = buildSnapshot(source, { version: 0, builtAt: now }).workspaces;
  invariant(snapshot, 'an actor has a workspace');
  const table = compileWorkspace(snapshot);
  const conditions = storedConditions(snapshot, now);
  // Gateways do not get models that are switched off: to them those are gone.
  const skipOf = ({ skip, modelRef }: Candidate): SkipReason | null =>
    skip === 'MODEL_REMOVED' && disabled.has(modelRef) ? 'MODEL_DISABLED' : skip;
  return {
    snapshot,
    table,
    conditions,
    skipOf,
    skipOfTarget(tier, target) {
      const entry = compileTarget(target, table.models);
      const own = candidatesOfTarget(
        entry,
        { tier, targets: [entry], fallback: null, chain: [] },
        { key: null, traits: ANY_REQUEST, conditions },
      );
      const [first, ...rest] = inStrategyOrder(tier.strategy, own, ANY_REQUEST, conditions);
      invariant(first, 'a target has a candidate, usable or not');
      return [first, ...rest].some(({ skip }) => skip === null) ? null : skipOf(first);
    },
  };
}
