/** What operators do with limits on usage. */
import { invariant } from '../../domain/errors.js';
import type { LimitAction, LimitMetric } from '../../domain/limits.js';
import type { UsageLimitRecord } from '../../domain/records.js';
import type { LimitWindow } from '../../domain/vocabulary.js';
import { inOrder } from '../../persistence/keyset.js';
import { findLimits, listLimits } from '../../persistence/limits.js';
import { requireScope, type AdminContext } from '../actor.js';
import type { AdminDeps } from '../admin-deps.js';
import type { Result } from '../result.js';
import { createLimit } from './create.js';
import { measureLimits } from './measure.js';
import { removeLimit } from './remove.js';
import { changeLimit } from './update.js';

export interface UsageLimitCreateInput {
  readonly name: string;
  readonly metric: LimitMetric;
  readonly window: LimitWindow;
  /** Decimal. */
  readonly threshold: string;
  readonly action: LimitAction;
  readonly provider?: string;
  readonly connectionId?: string;
  readonly accessKeyId?: string;
  readonly tierId?: string;
}

/** Absent fields stay. */
export interface UsageLimitUpdateInput {
  readonly name?: string;
  readonly window?: LimitWindow;
  readonly threshold?: string;
  readonly action?: LimitAction;
}

export interface LimitVerbs {
  list(context: AdminContext): Promise<readonly UsageLimitRecord[]>;
  byIds(context: AdminContext, ids: readonly string[]): Promise<readonly (UsageLimitRecord | null)[]>;
  /** What each stands at in its present window, in billionths of the metric's unit. */
  current(context: AdminContext, limits: readonly UsageLimitRecord[]): Promise<readonly bigint[]>;
  create(context: AdminContext, input: UsageLimitCreateInput): Promise<Result<UsageLimitRecord>>;
  update(context: AdminContext, id: string, input: UsageLimitUpdateInput): Promise<Result<UsageLimitRecord>>;
  remove(context: AdminContext, id: string): Promise<Result<string>>;
}

export function createLimitVerbs(deps: AdminDeps): LimitVerbs {
  const rowsOf = ({ actor }: AdminContext) => deps.database.workspace(actor.workspaceId);
  return {
    async list(context) {
      requireScope(context, 'USAGE_READ');
      return listLimits(rowsOf(context));
    },
    async byIds(context, ids) {
      if (!context.actor.scopes.includes('USAGE_READ')) return ids.map(() => null);
      return inOrder(ids, await findLimits(rowsOf(context), ids));
    },
    async current(context, limits) {
      requireScope(context, 'USAGE_READ');
      const { workspaceId } = context.actor;
      invariant(
        limits.every((limit) => limit.workspaceId === workspaceId),
        'limits are measured within their workspace',
      );
      return measureLimits(deps.database, workspaceId, limits, deps.clock.now());
    },
    create: (context, input) => createLimit(deps, context, input),
    update: (context, id, input) => changeLimit(deps, context, id, input),
    remove: (context, id) => removeLimit(deps, context, id),
  };
}
