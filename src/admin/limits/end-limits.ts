/** Ends limits, by themselves or together with what they are over. */
import type { Clock } from '../../domain/clock.js';
import type { LimitScope } from '../../domain/limits.js';
import type { UsageLimitRecord } from '../../domain/records.js';
import type { AuditChange } from '../../persistence/audit.js';
import { findOpenAlerts, resolveAlert } from '../../persistence/alerts.js';
import { deleteLimit, listLimits, lockLimits } from '../../persistence/limits.js';
import type { ScopedTransaction } from '../../persistence/workspace-scope.js';
import type { AdminDeps } from '../admin-deps.js';
import { changesBetween } from '../audit.js';

export interface EndedLimits {
  readonly limits: readonly UsageLimitRecord[];
  /** Ids of alerts that are over with them. */
  readonly alerts: readonly string[];
}

/** Their alerts stay, and are over: nobody watches any more whether the value falls. */
export async function endLimits(
  tx: ScopedTransaction,
  clock: Clock,
  limits: readonly UsageLimitRecord[],
): Promise<EndedLimits> {
  const open = limits.length === 0 ? [] : await findOpenAlerts(tx);
  const alerts = open.filter(({ limitId }) => limits.some(({ id }) => id === limitId)).map(({ id }) => id);
  for (const id of alerts) await resolveAlert(tx, id, clock.now());
  for (const { id } of limits) await deleteLimit(tx, id);
  return { limits, alerts };
}

/** Of something that is removed: left behind, a limit over nothing would look like one over everything. */
export async function endLimitsOver(
  tx: ScopedTransaction,
  { clock }: AdminDeps,
  workspaceId: string,
  removed: Partial<LimitScope>,
): Promise<EndedLimits> {
  await lockLimits(tx, workspaceId);
  const isOver = ({ scope }: UsageLimitRecord): boolean =>
    (Object.keys(removed) as (keyof LimitScope)[]).some((part) => scope[part] === removed[part]);
  return endLimits(tx, clock, (await listLimits(tx)).filter(isOver));
}

/** What the audit log says of them in the entry of what was removed. */
export function changesOfEnded({ limits }: EndedLimits): AuditChange[] {
  return limits.length === 0
    ? []
    : changesBetween({ limits: limits.map(({ name }) => name) }, { limits: null });
}

/** Tells followers of alerts, once the change is made. */
export function announceEnded({ bus }: AdminDeps, workspaceId: string, { alerts }: EndedLimits): void {
  for (const alertId of alerts) bus.publish('alert.changed', { workspaceId, alertId });
}
