/** Changes what is said of a custom provider; its connections stay and are asked for their models again. */
import type { DiscoveryRunRecord } from '../../domain/records.js';
import { findEnabledConnections, findLabelsWithSecretAtProvider } from '../../persistence/connections.js';
import {
  findCustomProvider,
  lockCustomProvider,
  updateCustomProvider,
} from '../../persistence/custom-providers.js';
import { customDefinition, type CustomModel, type CustomProvider } from '../../providers/custom-provider.js';
import type { ProviderDefinition } from '../../providers/define-provider.js';
import { slugOfProviderId } from '../../providers/provider-id.js';
import { requireScope, type AdminContext } from '../actor.js';
import type { AdminDeps } from '../admin-deps.js';
import type { CustomProviderUpdateInput } from './verbs.js';
import { audit } from '../audit.js';
import { fail, ok, type Result } from '../result.js';
import { auditedDescription } from './audited-description.js';
import { checkBase, checkModels, checkName, checkProtocol } from './check-description.js';
import { customProviderNotFound } from './not-found.js';

/** Absent fields stay. */
export async function changeCustomProvider(
  deps: AdminDeps,
  context: AdminContext,
  id: string,
  input: CustomProviderUpdateInput,
): Promise<Result<ProviderDefinition>> {
  requireScope(context, 'CONFIG_WRITE');
  const { workspaceId } = context.actor;
  const slug = slugOfProviderId(id) ?? '';
  const changed = await deps.database.workspace(workspaceId).$transaction(async (tx): Promise<Changed> => {
    if (!(await lockCustomProvider(tx, workspaceId, slug))) return customProviderNotFound();
    const before = await findCustomProvider(tx, slug);
    if (before === null) return customProviderNotFound();
    const checked = applyInput(deps, before, input);
    if (!checked.ok) return checked;
    const provider = checked.value;
    if (new URL(provider.baseUrl).origin !== new URL(before.baseUrl).origin) {
      const labels = await findLabelsWithSecretAtProvider(tx, slug);
      if (labels.length > 0) return keysWouldMove(labels);
    }
    await updateCustomProvider(tx, provider, deps.clock.now());
    await audit(tx, context, deps.clock, {
      action: 'custom_provider.update',
      subjectId: id,
      subjectName: provider.name,
      changes: auditedDescription(before, provider),
    });
    const connections = (await findEnabledConnections(tx)).filter(
      (connection) => connection.provider === slug,
    );
    const run =
      connections.length === 0
        ? null
        : (await deps.discovery.plan(tx, workspaceId, connections, 'CONNECTION_CHANGED')).run;
    return ok({ provider, run });
  });
  if (!changed.ok) return changed;
  const { provider, run } = changed.value;
  deps.bus.publish('config.changed', { workspaceId });
  if (run) deps.discovery.launch(run);
  return ok(customDefinition(provider));
}

type Changed = Result<{ readonly provider: CustomProvider; readonly run: DiscoveryRunRecord | null }>;

/** Whoever may change settings but does not know a key must not get it by naming an address of their own. */
function keysWouldMove(labels: readonly string[]): Result<never> {
  return fail(
    'INVALID_STATE',
    `The keys of ${labels.map((label) => `"${label}"`).join(', ')} would be sent to the new address: ` +
      'first give each of these connections its base URL and its key again.',
    ['input', 'baseUrl'],
  );
}

function applyInput(
  deps: AdminDeps,
  before: CustomProvider,
  input: CustomProviderUpdateInput,
): Result<CustomProvider> {
  const name = input.name === undefined ? ok(before.name) : checkName(input.name);
  if (!name.ok) return name;
  const protocol = input.protocol === undefined ? ok(before.protocol) : checkProtocol(input.protocol);
  if (!protocol.ok) return protocol;
  const baseUrl =
    input.baseUrl === undefined ? ok(before.baseUrl) : checkBase(deps, before.billing, input.baseUrl);
  if (!baseUrl.ok) return baseUrl;
  const liveCatalog = input.liveCatalog ?? before.liveCatalog;
  const models = modelsAfter(before.models, input.models, liveCatalog);
  if (!models.ok) return models;
  return ok({
    ...before,
    name: name.value,
    protocol: protocol.value,
    baseUrl: baseUrl.value,
    liveCatalog,
    models: models.value,
  });
}

function modelsAfter(
  before: readonly CustomModel[],
  input: CustomProviderUpdateInput['models'],
  liveCatalog: boolean,
): Result<readonly CustomModel[]> {
  if (input !== undefined) return checkModels(input, liveCatalog);
  return before.length === 0 && !liveCatalog ? checkModels([], liveCatalog) : ok(before);
}
