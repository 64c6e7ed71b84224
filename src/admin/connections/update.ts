/** Changes a connection's settings. Its secret stays, unless it is to be sent elsewhere: then it is given anew. */
import type { ConnectionRecord, DiscoveryRunRecord } from '../../domain/records.js';
import {
  findConnection,
  recordHealth,
  replaceSecret,
  updateConnection,
  type ConnectionPatch,
} from '../../persistence/connections.js';
import { holdCustomProvider } from '../../persistence/custom-providers.js';
import { isUniqueViolation } from '../../persistence/unique-violation.js';
import type { ScopedTransaction } from '../../persistence/workspace-scope.js';
import type { OfferingDefinition } from '../../providers/define-provider.js';
import { maskSecret } from '../../secrets/tokens.js';
import { requireScope, type AdminContext } from '../actor.js';
import type { AdminDeps } from '../admin-deps.js';
import type { ConnectionUpdateInput } from './verbs.js';
import { audit, SECRET_SET } from '../audit.js';
import { fail, ok, type Result } from '../result.js';
import { auditedSettings } from './audited-settings.js';
import {
  checkLabel,
  checkMonthlyPrice,
  checkOrigin,
  checkPlan,
  checkRegion,
  checkSecret,
} from './check-settings.js';
import { planRediscovery } from './rediscover.js';
import { sealSecret } from './seal-secret.js';
import { secretNeededAgain, sendsSecretElsewhere } from './secret-destination.js';
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
  const { provider, offering } = known.value;
  const patch = checkPatch(deps, offering, before, input);
  if (!patch.ok) return patch;
  const secret = input.secret === undefined ? ok(null) : checkSecret(provider, offering, input.secret);
  if (!secret.ok) return secret;

  try {
    const changed = await rows.$transaction(async (tx): Promise<Result<Changed>> => {
      // Its address must not change between the look at it and the change.
      if (provider.kind === 'CUSTOM') await holdCustomProvider(tx, workspaceId, provider.slug);
      const present = await findConnection(tx, id);
      if (present === null) return connectionNotFound();
      const now = await offeringOf(tx, present);
      if (!now.ok) return now;
      const { baseUrl = present.baseUrl } = patch.value;
      const elsewhere = sendsSecretElsewhere(now.value.provider, now.value.offering, present, { baseUrl });
      if (elsewhere && secret.value === null) return secretNeededAgain(present);
      const updated = await updateConnection(tx, id, patch.value, deps.clock.now());
      if (updated === null) return connectionNotFound();
      const connection = secret.value === null ? updated : await storeSecret(deps, tx, updated, secret.value);
      await audit(tx, context, deps.clock, {
        action: 'connection.update',
        subjectId: id,
        subjectName: connection.label,
        changes: [...auditedSettings(present, connection), ...(secret.value === null ? [] : [SECRET_SET])],
      });
      const moved =
        connection.baseUrl !== present.baseUrl ||
        connection.region !== present.region ||
        secret.value !== null;
      return ok({ connection, run: moved ? await planRediscovery(deps, tx, connection) : null });
    });
    if (!changed.ok) return changed;
    const { connection, run } = changed.value;
    deps.bus.publish('config.changed', { workspaceId });
    if (secret.value !== null) deps.bus.publish('connection.health', { workspaceId, connectionId: id });
    if (run) deps.discovery.launch(run);
    await deps.configInForce();
    return ok(connection);
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
    return fail('TAKEN', `There is a connection "${input.label}" for ${provider.name} already.`, [
      'input',
      'label',
    ]);
  }
}

interface Changed {
  readonly connection: ConnectionRecord;
  readonly run: DiscoveryRunRecord | null;
}

/** What was known of the old secret says nothing about the new one. */
async function storeSecret(
  deps: AdminDeps,
  tx: ScopedTransaction,
  connection: ConnectionRecord,
  secret: string,
): Promise<ConnectionRecord> {
  const { id, health } = connection;
  const sealed = sealSecret(deps.vault, connection, secret);
  await replaceSecret(tx, connection, sealed, maskSecret(secret), deps.clock.now());
  const unknown = { ...health, state: 'UNKNOWN' as const, reason: null, message: null, checkedAt: null };
  return (await recordHealth(tx, id, unknown)) ?? connection;
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
