/** Changes a connection's settings; its secret stays. */
import type { ConnectionRecord, DiscoveryRunRecord } from '../../domain/records.js';
import { findConnection, updateConnection, type ConnectionPatch } from '../../persistence/connections.js';
import { isUniqueViolation } from '../../persistence/unique-violation.js';
import type { OfferingDefinition } from '../../providers/define-provider.js';
import { requireScope, type AdminContext } from '../actor.js';
import type { AdminDeps } from '../admin-deps.js';
import type { ConnectionUpdateInput } from '../admin.js';
import { audit } from '../audit.js';
import { fail, ok, type Result } from '../result.js';
import { auditedSettings } from './audited-settings.js';
import { checkLabel, checkMonthlyPrice, checkOrigin, checkPlan, checkRegion } from './check-settings.js';
import { planRediscovery } from './rediscover.js';
import { connectionNotFound, offeringOf } from './stored-connection.js';

/** A change of address has the models asked for anew. */
export async function changeConnection(
  deps: AdminDeps,
  context: AdminContext,
  id: string,
  input: ConnectionUpdateInput,
): Promise<Result<ConnectionRecord>> {
  requireScope(context, 'CONFIG_WRITE');
  const { workspaceId } = context.actor;
  const rows = deps.database.workspace(workspaceId);
  const before = await findConnection(rows, id);
  if (before === null) return connectionNotFound();
  const known = await offeringOf(rows, before);
  if (!known.ok) return known;
  const patch = checkPatch(deps, known.value.offering, before, input);
  if (!patch.ok) return patch;

  try {
    const changed = await rows.$transaction(async (tx): Promise<Changed | null> => {
      const present = await findConnection(tx, id);
      if (present === null) return null;
      const connection = await updateConnection(tx, id, patch.value, deps.clock.now());
      if (connection === null) return null;
      await audit(tx, context, deps.clock, {
        action: 'connection.update',
        subjectId: id,
        subjectName: connection.label,
        changes: auditedSettings(present, connection),
      });
      const moved = connection.baseUrl !== present.baseUrl || connection.region !== present.region;
      return { connection, run: moved ? await planRediscovery(deps, tx, connection) : null };
    });
    if (changed === null) return connectionNotFound();
    deps.bus.publish('config.changed', { workspaceId });
    if (changed.run) deps.discovery.launch(changed.run);
    return ok(changed.connection);
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
    return fail('TAKEN', `There is a connection "${input.label}" for ${known.value.provider.name} already.`, [
      'input',
      'label',
    ]);
  }
}

interface Changed {
  readonly connection: ConnectionRecord;
  readonly run: DiscoveryRunRecord | null;
}

/** The named fields only: two operators who change different ones do not undo each other. */
function checkPatch(
  deps: AdminDeps,
  offering: OfferingDefinition,
  before: ConnectionRecord,
  input: ConnectionUpdateInput,
): Result<ConnectionPatch> {
  const patch: { -readonly [K in keyof ConnectionPatch]: ConnectionPatch[K] } = {};
  if (input.enabled !== undefined) patch.enabled = input.enabled;
  if (input.priority !== undefined) patch.priority = input.priority;
  if (input.label !== undefined) {
    const label = checkLabel(input.label);
    if (!label.ok) return label;
    patch.label = label.value;
  }
  if (input.region !== undefined) {
    const region = checkRegion(offering, input.region);
    if (!region.ok) return region;
    patch.region = region.value;
  }
  if (input.baseUrl !== undefined) {
    const baseUrl = checkOrigin(deps, offering, input.baseUrl);
    if (!baseUrl.ok) return baseUrl;
    patch.baseUrl = baseUrl.value;
  }
  if (input.planCode !== undefined) {
    const planCode = checkPlan(offering, input.planCode);
    if (!planCode.ok) return planCode;
    patch.planCode = planCode.value;
  }
  // Another plan brings its own price, unless the operator says what it is.
  const planChanges = patch.planCode !== undefined && patch.planCode !== before.planCode;
  if (planChanges || input.monthlyPriceUsd !== undefined) {
    const price = checkMonthlyPrice(offering, patch.planCode ?? null, input.monthlyPriceUsd);
    if (!price.ok) return price;
    patch.monthlyPriceNanoUsd = price.value;
  }
  return ok(patch);
}
