/** Watches a metric. */
import { USAGE_LIMITS_MAX } from '../../config/admission-limits.js';
import { newId } from '../../domain/ids.js';
import type { UsageLimitRecord } from '../../domain/records.js';
import { insertLimit, listLimits } from '../../persistence/limits.js';
import type { AdminContext } from '../actor.js';
import type { AdminDeps } from '../admin-deps.js';
import { audit } from '../audit.js';
import { fail, ok, problemsOf, type Result } from '../result.js';
import { auditedLimit } from './audited-limit.js';
import { changeLimits } from './change-limits.js';
import { checkLimitName, checkScope, checkThreshold } from './check-limit.js';
import type { UsageLimitCreateInput } from './verbs.js';

export function createLimit(
  deps: AdminDeps,
  context: AdminContext,
  input: UsageLimitCreateInput,
): Promise<Result<UsageLimitRecord>> {
  return changeLimits(deps, context, async (tx) => {
    if ((await listLimits(tx)).length >= USAGE_LIMITS_MAX) {
      return fail('LIMIT_EXCEEDED', `A workspace has at most ${USAGE_LIMITS_MAX} limits.`);
    }
    const { metric, window, action, provider, connectionId, accessKeyId, tierId } = input;
    const name = checkLimitName(input.name);
    const threshold = checkThreshold(input.threshold, metric);
    const scope = await checkScope(tx, metric, {
      provider: provider ?? null,
      connectionId: connectionId ?? null,
      accessKeyId: accessKeyId ?? null,
      tierId: tierId ?? null,
    });
    if (!name.ok || !threshold.ok || !scope.ok) return problemsOf([name, threshold, scope]);
    const now = deps.clock.now();
    const limit: UsageLimitRecord = {
      id: newId('limit', now),
      workspaceId: context.actor.workspaceId,
      name: name.value,
      metric,
      window,
      threshold: threshold.value,
      action,
      scope: scope.value,
      lastFiredAt: null,
      createdAt: now,
      updatedAt: now,
    };
    await insertLimit(tx, limit);
    await audit(tx, context, deps.clock, {
      action: 'usage_limit.create',
      subjectId: limit.id,
      subjectName: limit.name,
      changes: auditedLimit(null, limit),
    });
    return ok(limit);
  });
}
