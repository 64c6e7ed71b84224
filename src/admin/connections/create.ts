/** Adds a credential for a provider: checked with the provider, sealed, saved, and asked for its models. */
import { healthAfterProbe, planActiveAfterProbe } from '../../discovery/health.js';
import { newId } from '../../domain/ids.js';
import type { UpstreamFailure } from '../../domain/failure.js';
import type { ConnectionRecord, DiscoveryRunRecord, HealthRecord } from '../../domain/records.js';
import { findConnection, findConnectionByLabel, insertConnection } from '../../persistence/connections.js';
import { holdCustomProvider, readProviders } from '../../persistence/custom-providers.js';
import { findFirstRunOf, findRuns } from '../../persistence/discovery-runs.js';
import { isUniqueViolation } from '../../persistence/unique-violation.js';
import type { OfferingDefinition, ProviderDefinition } from '../../providers/define-provider.js';
import type { ProviderSet } from '../../providers/provider-set.js';
import { maskSecret } from '../../secrets/tokens.js';
import { requireScope, type AdminContext } from '../actor.js';
import type { AdminDeps } from '../admin-deps.js';
import type { ConnectionCreateInput } from './verbs.js';
import { audit, SECRET_SET } from '../audit.js';
import { claimAnswer, findFirstAnswer, repeatableCall } from '../idempotency.js';
import { fail, ok, problemsOf, type Result } from '../result.js';
import { auditedSettings } from './audited-settings.js';
import {
  checkLabel,
  checkMonthlyPrice,
  checkOrigin,
  checkPlan,
  checkRegion,
  checkSecret,
  resolveOffering,
  unknownProvider,
} from './check-settings.js';
import { refusalOf } from './refusal.js';
import { sealSecret } from './seal-secret.js';

type Created = Result<{ connection: ConnectionRecord; discoveryRun: DiscoveryRunRecord | null }>;

/** Nothing is saved unless the answer is the connection. */
export async function createConnection(
  deps: AdminDeps,
  context: AdminContext,
  input: ConnectionCreateInput,
): Promise<Created> {
  requireScope(context, 'CONFIG_WRITE');
  const { workspaceId } = context.actor;
  const rows = deps.database.workspace(workspaceId);
  const call = repeatableCall(workspaceId, 'connectionCreate', input);
  if (!call.ok) return call;
  const settings = checkInput(deps, input, await readProviders(rows));
  if (!settings.ok) return settings;
  const { provider, offering, secret, label } = settings.value;

  // In this order: whoever sees the first call's label sees its idempotency key, too.
  const labelTaken = (await findConnectionByLabel(rows, provider.slug, label)) !== null;
  const first = await findFirstAnswer(rows, call.value, deps.clock.now());
  if (!first.ok) return first;
  if (first.value !== null) return repeatAnswer(deps, workspaceId, first.value, input.discover);
  if (labelTaken) return taken(provider, label);

  let checked: { readonly failure: UpstreamFailure | null } | null = null;
  if (input.verify) {
    checked = { failure: await deps.probe({ offering, settings: settings.value, secret }, context.signal) };
    const refusal = checked.failure && refusalOf(provider, offering, checked.failure);
    if (refusal) return refusal;
  }

  const connection = newConnection(deps, workspaceId, input, settings.value, checked);
  try {
    const discoveryRun = await rows.$transaction(async (tx) => {
      const there = provider.kind !== 'CUSTOM' || (await holdCustomProvider(tx, workspaceId, provider.slug));
      if (!there) return 'provider gone';
      if (!(await claimAnswer(tx, call.value, connection.id, deps.clock.now()))) return 'repeated';
      await insertConnection(
        tx,
        connection,
        secret === null ? null : sealSecret(deps.vault, connection, secret),
      );
      await audit(tx, context, deps.clock, {
        action: 'connection.create',
        subjectId: connection.id,
        subjectName: label,
        changes: [...auditedSettings(null, connection), ...(secret === null ? [] : [SECRET_SET])],
      });
      if (!input.discover) return null;
      return (await deps.discovery.plan(tx, workspaceId, [connection], 'CONNECTION_CHANGED')).run;
    });
    if (discoveryRun === 'provider gone') return unknownProvider(await readProviders(rows), input.provider);
    if (discoveryRun === 'repeated') {
      const winner = await findFirstAnswer(rows, call.value, deps.clock.now());
      if (!winner.ok) return winner;
      return repeatAnswer(deps, workspaceId, winner.value ?? '', input.discover);
    }
    deps.bus.publish('config.changed', { workspaceId });
    deps.bus.publish('connection.health', { workspaceId, connectionId: connection.id });
    if (discoveryRun) deps.discovery.launch(discoveryRun);
    return ok({ connection, discoveryRun });
  } catch (error) {
    if (isUniqueViolation(error)) return taken(provider, label);
    throw error;
  }
}

interface CheckedInput {
  readonly provider: ProviderDefinition;
  readonly offering: OfferingDefinition;
  readonly label: string;
  readonly secret: string | null;
  readonly region: string | null;
  readonly baseUrl: string | null;
  readonly planCode: string | null;
  readonly monthlyPriceNanoUsd: bigint | null;
}

function checkInput(
  deps: AdminDeps,
  input: ConnectionCreateInput,
  providers: ProviderSet,
): Result<CheckedInput> {
  const resolved = resolveOffering(providers, input.provider, input.offering);
  if (!resolved.ok) return resolved;
  const { provider, offering } = resolved.value;
  const label = checkLabel(input.label);
  const secret = checkSecret(provider, offering, input.secret);
  const region = checkRegion(offering, input.region);
  const baseUrl = checkOrigin(deps, offering, input.baseUrl);
  const planCode = checkPlan(offering, input.planCode);
  const monthlyPrice = checkMonthlyPrice(
    offering,
    planCode.ok ? planCode.value : null,
    input.monthlyPriceUsd,
  );
  if (label.ok && secret.ok && region.ok && baseUrl.ok && planCode.ok && monthlyPrice.ok) {
    return ok({
      provider,
      offering,
      label: label.value,
      secret: secret.value,
      region: region.value,
      baseUrl: baseUrl.value,
      planCode: planCode.value,
      monthlyPriceNanoUsd: monthlyPrice.value,
    });
  }
  return problemsOf([label, secret, region, baseUrl, planCode, monthlyPrice]);
}

const UNCHECKED: HealthRecord = {
  state: 'UNKNOWN',
  reason: null,
  message: null,
  checkedAt: null,
};

function newConnection(
  deps: AdminDeps,
  workspaceId: string,
  input: ConnectionCreateInput,
  settings: CheckedInput,
  checked: { readonly failure: UpstreamFailure | null } | null,
): ConnectionRecord {
  const now = deps.clock.now();
  const { provider, offering, secret } = settings;
  return {
    id: newId('connection', now),
    workspaceId,
    provider: provider.slug,
    offering: offering.code,
    billing: offering.billing,
    maxConcurrency: null,
    credential: offering.credential,
    label: settings.label,
    enabled: true,
    priority: input.priority,
    region: settings.region,
    baseUrl: settings.baseUrl,
    planCode: settings.planCode,
    monthlyPriceNanoUsd: settings.monthlyPriceNanoUsd,
    planActive: checked && planActiveAfterProbe(offering, checked.failure),
    secretPreview: secret === null ? null : maskSecret(secret),
    secretRotatedAt: now,
    secretExpiresAt: null,
    health: checked ? healthAfterProbe(checked.failure, now) : UNCHECKED,
    createdAt: now,
    updatedAt: now,
  };
}

async function repeatAnswer(
  deps: AdminDeps,
  workspaceId: string,
  connectionId: string,
  discovered: boolean,
): Promise<Created> {
  const rows = deps.database.workspace(workspaceId);
  const connection = await findConnection(rows, connectionId);
  if (connection === null) {
    return fail(
      'INVALID_STATE',
      'The connection this idempotency key made has been removed since; use a new key.',
      ['input', 'idempotencyKey'],
    );
  }
  const runId = discovered ? await findFirstRunOf(rows, connectionId) : null;
  const [discoveryRun] = runId === null ? [] : await findRuns(rows, [runId]);
  return ok({ connection, discoveryRun: discoveryRun ?? null });
}

function taken(provider: ProviderDefinition, label: string): Result<never> {
  return fail('TAKEN', `There is a connection "${label}" for ${provider.name} already.`, ['input', 'label']);
}
