/** Changes a limit. */
import type { UsageLimitRecord } from '../../domain/records.js';
import { findLimits, updateLimit } from '../../persistence/limits.js';
import type { AdminContext } from '../actor.js';
import type { AdminDeps } from '../admin-deps.js';
import { audit } from '../audit.js';
import { ok, problemsOf, type Result } from '../result.js';
import { auditedLimit } from './audited-limit.js';
import { changeLimits } from './change-limits.js';
import { checkLimitName, checkThreshold, limitNotFound } from './check-limit.js';
import type { UsageLimitUpdateInput } from './verbs.js';

/** Absent fields stay. */
export function changeLimit(
  deps: AdminDeps,
  context: AdminContext,
  id: string,
  input: UsageLimitUpdateInput,
): Promise<Result<UsageLimitRecord>> {
  return changeLimits(deps, context, async (tx) => {
    const [before] = await findLimits(tx, [id]);
    if (!before) return limitNotFound();
    const name = input.name === undefined ? ok(before.name) : checkLimitName(input.name);
    const threshold =
      input.threshold === undefined ? ok(before.threshold) : checkThreshold(input.threshold, before.metric);
    if (!name.ok || !threshold.ok) return problemsOf([name, threshold]);
    const after: UsageLimitRecord = {
      ...before,
      name: name.value,
      threshold: threshold.value,
      window: input.window ?? before.window,
      action: input.action ?? before.action,
      updatedAt: deps.clock.now(),
    };
    await updateLimit(tx, after);
    await audit(tx, context, deps.clock, {
      action: 'usage_limit.update',
      subjectId: id,
      subjectName: after.name,
      changes: auditedLimit(before, after),
    });
    return ok(after);
  });
}
