/** Adds a tier after the existing ones. */
import { TIERS_MAX } from '../../config/routing-limits.js';
import { newId } from '../../domain/ids.js';
import type { RoutingTierRecord } from '../../domain/records.js';
import { insertTier, updateTier } from '../../persistence/tiers.js';
import type { ScopedTransaction } from '../../persistence/workspace-scope.js';
import { DEFAULT_RETRY_ON } from '../../routing/defaults.js';
import type { AdminContext } from '../actor.js';
import type { AdminDeps } from '../admin-deps.js';
import type { RoutingTierCreateInput } from './verbs.js';
import { audit } from '../audit.js';
import { fail, ok, problemsOf, type Result } from '../result.js';
import { auditedTier } from './audited-tier.js';
import { changeTiers } from './change-tiers.js';
import { checkTargets } from './check-targets.js';
import {
  checkDescription,
  checkFallback,
  checkMaxAttempts,
  checkRetryOn,
  checkTierName,
  checkTierSlug,
} from './check-tier.js';

/** One without targets serves nothing until it has some. */
export function createTier(
  deps: AdminDeps,
  context: AdminContext,
  input: RoutingTierCreateInput,
): Promise<Result<RoutingTierRecord>> {
  return changeTiers(deps, context, async (tx, present) => {
    if (present.length >= TIERS_MAX) {
      return fail('LIMIT_EXCEEDED', `A workspace has at most ${TIERS_MAX} tiers.`);
    }
    const { workspaceId } = context.actor;
    const checked = await checkInput(tx, input, present);
    if (!checked.ok) return checked;
    const now = deps.clock.now();
    const tier: RoutingTierRecord = {
      ...checked.value,
      id: newId('tier', now),
      workspaceId,
      position: present.length,
      enabled: true,
      isDefault: input.isDefault,
      strategy: input.strategy,
      version: 1,
      suggested: false,
      createdAt: now,
      updatedAt: now,
    };
    const before = present.find(({ isDefault }) => isDefault);
    if (tier.isDefault && before) await updateTier(tx, before.id, { isDefault: false }, now);
    await insertTier(tx, tier);
    await audit(tx, context, deps.clock, {
      action: 'routing_tier.create',
      subjectId: tier.id,
      subjectName: tier.slug,
      changes: auditedTier(null, tier, present),
    });
    return ok(tier);
  });
}

type Described = Pick<
  RoutingTierRecord,
  'slug' | 'name' | 'description' | 'targets' | 'retryOn' | 'maxAttempts' | 'fallbackTierId'
>;

async function checkInput(
  tx: ScopedTransaction,
  input: RoutingTierCreateInput,
  present: readonly RoutingTierRecord[],
): Promise<Result<Described>> {
  const slug = checkTierSlug(input.slug, present);
  const name = checkTierName(input.name);
  const description = checkDescription(input.description ?? null);
  const targets = await checkTargets(tx, input.targets, 0);
  const retryOn = checkRetryOn(input.retryOn ?? DEFAULT_RETRY_ON);
  const maxAttempts = checkMaxAttempts(input.maxAttempts);
  const fallback = checkFallback(null, input.fallbackTierId ?? null, present);
  if (slug.ok && name.ok && description.ok && targets.ok && retryOn.ok && maxAttempts.ok && fallback.ok) {
    return ok({
      slug: slug.value,
      name: name.value,
      description: description.value,
      targets: targets.value,
      retryOn: retryOn.value,
      maxAttempts: maxAttempts.value,
      fallbackTierId: fallback.value,
    });
  }
  return problemsOf([slug, name, description, targets, retryOn, maxAttempts, fallback]);
}
