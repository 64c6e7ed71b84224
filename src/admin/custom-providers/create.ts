/** Adds a provider this build does not know, in the operator's words. */
import { CUSTOM_PROVIDERS_MAX } from '../../config/limits.js';
import { newId } from '../../domain/ids.js';
import { findCustomProviders, insertCustomProvider } from '../../persistence/custom-providers.js';
import { isUniqueViolation } from '../../persistence/unique-violation.js';
import { customDefinition, type CustomProvider } from '../../providers/custom-provider.js';
import type { ProviderDefinition } from '../../providers/define-provider.js';
import { idOfProvider } from '../../providers/provider-id.js';
import { providersWith, type ProviderSet } from '../../providers/provider-set.js';
import { requireScope, type AdminContext } from '../actor.js';
import type { AdminDeps } from '../admin-deps.js';
import type { CustomProviderCreateInput } from './verbs.js';
import { audit } from '../audit.js';
import { fail, ok, problemsOf, type Result } from '../result.js';
import { auditedDescription } from './audited-description.js';
import { checkBase, checkModels, checkName, checkProtocol, checkSlug } from './check-description.js';

/** Nothing is called: what a server answers shows when it is connected. */
export async function createCustomProvider(
  deps: AdminDeps,
  context: AdminContext,
  input: CustomProviderCreateInput,
): Promise<Result<ProviderDefinition>> {
  requireScope(context, 'CONFIG_WRITE');
  const { workspaceId } = context.actor;
  const rows = deps.database.workspace(workspaceId);
  const present = await findCustomProviders(rows);
  if (present.length >= CUSTOM_PROVIDERS_MAX) {
    return fail('LIMIT_EXCEEDED', `A workspace has at most ${CUSTOM_PROVIDERS_MAX} custom providers.`);
  }
  const checked = checkInput(deps, input, providersWith(present));
  if (!checked.ok) return checked;
  const provider = checked.value;

  const now = deps.clock.now();
  try {
    await rows.$transaction(async (tx) => {
      await insertCustomProvider(tx, newId('provider', now), workspaceId, provider, now);
      await audit(tx, context, deps.clock, {
        action: 'custom_provider.create',
        subjectId: idOfProvider(provider.slug),
        subjectName: provider.name,
        changes: auditedDescription(null, provider),
      });
    });
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
    return fail('TAKEN', `"${provider.slug}" already means another provider.`, ['input', 'slug']);
  }
  deps.bus.publish('config.changed', { workspaceId });
  return ok(customDefinition(provider));
}

function checkInput(
  deps: AdminDeps,
  input: CustomProviderCreateInput,
  known: ProviderSet,
): Result<CustomProvider> {
  const slug = checkSlug(input.slug, known);
  const name = checkName(input.name);
  const protocol = checkProtocol(input.protocol);
  const baseUrl = checkBase(deps, input.billing, input.baseUrl);
  const models = checkModels(input.models, input.liveCatalog);
  const { billing, credential, liveCatalog } = input;
  const takesSecret: Result<'API_KEY' | 'NONE'> =
    credential === 'OAUTH_TOKEN'
      ? fail('INVALID', 'A custom provider takes API_KEY or NONE.', ['input', 'credential'])
      : ok(credential);
  if (slug.ok && name.ok && protocol.ok && baseUrl.ok && models.ok && takesSecret.ok) {
    return ok({
      slug: slug.value,
      name: name.value,
      billing,
      credential: takesSecret.value,
      protocol: protocol.value,
      baseUrl: baseUrl.value,
      liveCatalog,
      models: models.value,
    });
  }
  return problemsOf([slug, name, protocol, baseUrl, models, takesSecret]);
}
