/**
 * Where a connection's secret is sent. Whoever may change settings but does not know a secret must not get it by naming an
 * address of their own: for another destination the secret is asked for again.
 */
import type { ConnectionRecord } from '../../domain/records.js';
import type { OfferingDefinition, ProviderDefinition } from '../../providers/define-provider.js';
import { fail, type Result } from '../result.js';

/** Whether `after` sends the stored secret where `before` did not. */
export function sendsSecretElsewhere(
  provider: ProviderDefinition,
  offering: OfferingDefinition,
  before: ConnectionRecord,
  after: { readonly baseUrl: string | null },
): boolean {
  if (before.secretPreview === null) return false;
  const destination = destinationOf(provider, offering, after.baseUrl);
  // A provider's own addresses come with this program, and its key is theirs in the first place.
  return destination !== null && destination !== destinationOf(provider, offering, before.baseUrl);
}

/** The refusal of a change that would. */
export function secretNeededAgain(before: ConnectionRecord): Result<never> {
  return fail(
    'REQUIRED',
    `The address of "${before.label}" changes, and its key would be sent there: give the key again, in secret.`,
    ['input', 'secret'],
  );
}

/** Origin that an operator chose; null for those a built-in provider has itself. */
function destinationOf(
  provider: ProviderDefinition,
  offering: OfferingDefinition,
  baseUrl: string | null,
): string | null {
  if (baseUrl !== null) return new URL(baseUrl).origin;
  return provider.kind === 'CUSTOM' ? new URL(offering.endpoints[0].url).origin : null;
}
