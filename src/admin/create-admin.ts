/** Puts the verbs together. The small reads are written out here; everything with a rule of its own has a file. */
import { invariant } from '../domain/errors.js';
import type { AdminScope } from '../domain/vocabulary.js';
import { findAccessKeys } from '../persistence/access-keys.js';
import { findConnections, findPlanConnections, listConnections } from '../persistence/connections.js';
import { findCooldowns } from '../persistence/cooldowns.js';
import { readProviders } from '../persistence/custom-providers.js';
import { findLatestResults, findRuns, listRuns } from '../persistence/discovery-runs.js';
import { inOrder } from '../persistence/keyset.js';
import { findModelByRef, findModels, findModelsByRef, listModels } from '../persistence/models.js';
import { findRules, listRules } from '../persistence/rules.js';
import { findTiers, findTiersBySlug, listTiers } from '../persistence/tiers.js';
import { findQuotaWindows } from '../persistence/quota-windows.js';
import { findWorkspace } from '../persistence/workspaces.js';
import type { ScopedClient } from '../persistence/workspace-scope.js';
import { createAccessKey } from './access-keys/create.js';
import { listKeys, stateOfKey } from './access-keys/list.js';
import type { AccessKeyVerbs } from './access-keys/verbs.js';
import { revokeKey } from './access-keys/revoke.js';
import { rotateKey } from './access-keys/rotate.js';
import { spentByKeys } from './access-keys/spending.js';
import { changeKey } from './access-keys/update.js';
import { requireScope, type AdminContext } from './actor.js';
import type { AdminDeps } from './admin-deps.js';
import type { Admin } from './admin.js';
import type { ConnectionVerbs } from './connections/verbs.js';
import type { DiscoveryVerbs } from './discovery/verbs.js';
import type { ModelVerbs } from './models/verbs.js';
import type { ProviderVerbs } from './custom-providers/verbs.js';
import type { RoutingVerbs } from './route-plan/verbs.js';
import type { RuleVerbs } from './rules/verbs.js';
import type { TierVerbs } from './tiers/verbs.js';
import { auditVerbs } from './audit-log.js';
import { createAlertVerbs } from './alerts/verbs.js';
import { createAuthenticate } from './authenticate.js';
import { listWeights, setWeights } from './classifier-weights/set.js';
import { clearConnectionCooldown } from './connections/clear-cooldown.js';
import { createConnection } from './connections/create.js';
import { refreshConnectionQuota } from './connections/refresh-quota.js';
import { removeConnection } from './connections/remove.js';
import { rotateConnectionSecret } from './connections/rotate-secret.js';
import { changeConnection } from './connections/update.js';
import { verifyConnection } from './connections/verify.js';
import { createCustomProvider } from './custom-providers/create.js';
import { removeCustomProvider } from './custom-providers/remove.js';
import { changeCustomProvider } from './custom-providers/update.js';
import { cancelDiscovery } from './discovery/cancel.js';
import { startDiscovery } from './discovery/start.js';
import { changeModel } from './models/update.js';
import { createLimitVerbs } from './limits/verbs.js';
import { planRoute } from './route-plan/plan-route.js';
import { readRoutingView } from './route-plan/routing-view.js';
import { createRule } from './rules/create.js';
import { removeRule } from './rules/remove.js';
import { reorderRules } from './rules/reorder.js';
import { changeRule } from './rules/update.js';
import { createTier } from './tiers/create.js';
import { removeTier } from './tiers/remove.js';
import { reorderTiers } from './tiers/reorder.js';
import { setTargets } from './tiers/set-targets.js';
import { changeTier } from './tiers/update.js';
import { createWebhookVerbs } from './webhooks/verbs.js';

/** The operator's use cases over these parts. */
export function createAdmin(deps: AdminDeps): Admin {
  return {
    authenticate: createAuthenticate(deps),
    async workspace({ actor }) {
      const workspace = await findWorkspace(deps.database.prisma, actor.workspaceId);
      invariant(workspace, 'an actor has a workspace');
      return workspace;
    },
    providers: providerVerbs(deps),
    connections: connectionVerbs(deps),
    models: modelVerbs(deps),
    discovery: discoveryVerbs(deps),
    tiers: tierVerbs(deps),
    rules: ruleVerbs(deps),
    routing: routingVerbs(deps),
    accessKeys: accessKeyVerbs(deps),
    auditLog: auditVerbs(deps),
    limits: createLimitVerbs(deps),
    alerts: createAlertVerbs(deps),
    webhooks: createWebhookVerbs(deps),
  };
}

function providerVerbs(deps: AdminDeps): ProviderVerbs {
  return {
    known: (context) => readProviders(rowsOf(deps, context)),
    create: (context, input) => createCustomProvider(deps, context, input),
    update: (context, id, input) => changeCustomProvider(deps, context, id, input),
    remove: (context, id) => removeCustomProvider(deps, context, id),
  };
}

function connectionVerbs(deps: AdminDeps): ConnectionVerbs {
  return {
    async list(context, page, filter) {
      requireScope(context, 'CONFIG_READ');
      return listConnections(rowsOf(deps, context), page, filter);
    },
    byIds: readByIds(deps, 'CONFIG_READ', findConnections),
    create: (context, input) => createConnection(deps, context, input),
    update: (context, id, input) => changeConnection(deps, context, id, input),
    rotateSecret: (context, id, input) => rotateConnectionSecret(deps, context, id, input),
    verify: (context, id) => verifyConnection(deps, context, id),
    remove: (context, id) => removeConnection(deps, context, id),
    async plans(context) {
      requireScope(context, 'CONFIG_READ');
      return findPlanConnections(rowsOf(deps, context));
    },
    async quotaWindows(context, connectionIds) {
      requireScope(context, 'CONFIG_READ');
      return findQuotaWindows(rowsOf(deps, context), connectionIds);
    },
    refreshQuota: (context, id) => refreshConnectionQuota(deps, context, id),
    async lastDiscoveries(context, connectionIds) {
      requireScope(context, 'CONFIG_READ');
      const results = await findLatestResults(rowsOf(deps, context), connectionIds);
      const byConnection = new Map(results.map((result) => [result.connectionId, result]));
      return connectionIds.map((id) => byConnection.get(id) ?? null);
    },
    clearCooldown: (context, id) => clearConnectionCooldown(deps, context, id),
    async cooldowns(context, connectionIds) {
      requireScope(context, 'CONFIG_READ');
      return findCooldowns(rowsOf(deps, context), connectionIds);
    },
  };
}

function modelVerbs(deps: AdminDeps): ModelVerbs {
  return {
    async list(context, page, filter, order) {
      requireScope(context, 'CONFIG_READ');
      const { workspaceId } = context.actor;
      const states = filter.states ?? ['AVAILABLE', 'STALE'];
      return listModels(rowsOf(deps, context), workspaceId, page, { ...filter, states }, order);
    },
    async byRef(context, ref) {
      requireScope(context, 'CONFIG_READ');
      return findModelByRef(rowsOf(deps, context), ref);
    },
    async byRefs(context, refs) {
      requireScope(context, 'CONFIG_READ');
      return inOrderOf(refs, await findModelsByRef(rowsOf(deps, context), refs), ({ ref }) => ref);
    },
    byIds: readByIds(deps, 'CONFIG_READ', findModels),
    update: (context, id, input) => changeModel(deps, context, id, input),
  };
}

function discoveryVerbs(deps: AdminDeps): DiscoveryVerbs {
  return {
    async runs(context, page) {
      requireScope(context, 'CONFIG_READ');
      return listRuns(rowsOf(deps, context), page);
    },
    byIds: readByIds(deps, 'CONFIG_READ', findRuns),
    start: (context, connectionIds) => startDiscovery(deps, context, connectionIds),
    cancel: (context, id) => cancelDiscovery(deps, context, id),
  };
}

function tierVerbs(deps: AdminDeps): TierVerbs {
  return {
    async list(context) {
      requireScope(context, 'CONFIG_READ');
      return listTiers(rowsOf(deps, context));
    },
    byIds: readByIds(deps, 'CONFIG_READ', findTiers),
    async bySlugs(context, slugs) {
      if (!context.actor.scopes.includes('CONFIG_READ')) return slugs.map(() => null);
      return inOrderOf(slugs, await findTiersBySlug(rowsOf(deps, context), slugs), ({ slug }) => slug);
    },
    create: (context, input) => createTier(deps, context, input),
    update: (context, id, input) => changeTier(deps, context, id, input),
    setTargets: (context, id, input) => setTargets(deps, context, id, input),
    reorder: (context, ids) => reorderTiers(deps, context, ids),
    remove: (context, id) => removeTier(deps, context, id),
  };
}

function ruleVerbs(deps: AdminDeps): RuleVerbs {
  return {
    async list(context) {
      requireScope(context, 'CONFIG_READ');
      return listRules(rowsOf(deps, context));
    },
    byIds: readByIds(deps, 'CONFIG_READ', findRules),
    create: (context, input) => createRule(deps, context, input),
    update: (context, id, input) => changeRule(deps, context, id, input),
    reorder: (context, ids) => reorderRules(deps, context, ids),
    remove: (context, id) => removeRule(deps, context, id),
  };
}

function routingVerbs(deps: AdminDeps): RoutingVerbs {
  return {
    async view(context) {
      requireScope(context, 'CONFIG_READ');
      return readRoutingView(deps, context.actor.workspaceId);
    },
    plan: (context, input) => planRoute(deps, context, input),
    weights: (context) => listWeights(deps, context),
    setWeights: (context, weights) => setWeights(deps, context, weights),
  };
}

function accessKeyVerbs(deps: AdminDeps): AccessKeyVerbs {
  return {
    list: (context, page, filter) => listKeys(deps, context, page, filter),
    byIds: readByIds(deps, 'KEYS_READ', findAccessKeys),
    create: (context, input) => createAccessKey(deps, context, input),
    update: (context, id, input) => changeKey(deps, context, id, input),
    rotate: (context, id, gracePeriodSeconds) => rotateKey(deps, context, id, gracePeriodSeconds),
    revoke: (context, id) => revokeKey(deps, context, id),
    async spent(context, keys) {
      requireScope(context, 'KEYS_READ');
      return spentByKeys(deps, keys);
    },
    state: (key, spent) => stateOfKey(key, spent, deps.clock.now()),
  };
}

/** What the caller may not see is answered like what does not exist. */
function readByIds<T extends { readonly id: string }>(
  deps: AdminDeps,
  scope: AdminScope,
  find: (rows: ScopedClient, ids: readonly string[]) => Promise<readonly T[]>,
): (context: AdminContext, ids: readonly string[]) => Promise<(T | null)[]> {
  return async (context, ids) => {
    if (!context.actor.scopes.includes(scope)) return ids.map(() => null);
    return inOrder(ids, await find(rowsOf(deps, context), ids));
  };
}

/** Values by a key of theirs, in the order of `keys`; null where there is none. */
function inOrderOf<T>(
  keys: readonly string[],
  values: readonly T[],
  keyOf: (value: T) => string,
): (T | null)[] {
  const byKey = new Map(values.map((value) => [keyOf(value), value]));
  return keys.map((key) => byKey.get(key) ?? null);
}

function rowsOf(deps: AdminDeps, context: AdminContext): ScopedClient {
  return deps.database.workspace(context.actor.workspaceId);
}
