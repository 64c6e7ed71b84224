/** Whether a credential that a provider objected to can still be saved, and what the operator is told when it cannot. */
import type { UpstreamFailure } from '../../domain/failure.js';
import type { OfferingDefinition, ProviderDefinition } from '../../providers/define-provider.js';
import { fail, type Result } from '../result.js';

/** The user error for a failed check; null when the failure does not speak against the credential, such as a used-up quota. */
export function refusalOf(
  provider: ProviderDefinition,
  offering: OfferingDefinition,
  failure: UpstreamFailure,
): Result<never> | null {
  const said = `${failure.httpStatus === null ? '' : `HTTP ${failure.httpStatus}: `}${failure.message}`;
  switch (failure.class) {
    case 'AUTHENTICATION':
      return fail('CREDENTIAL_REJECTED', `${provider.name} refused the credential. ${said}`, [
        'input',
        'secret',
      ]);
    case 'PLAN_INACTIVE':
    case 'CLIENT_REFUSED':
      return fail(
        'UNSUPPORTED_OFFERING',
        `The credential is not good for ${provider.name} ${offering.name}. ${said}`,
        ['input', 'offering'],
      );
    case 'RATE_LIMITED':
    case 'QUOTA_EXHAUSTED':
    case 'FAIR_USE':
    case 'BILLING':
      return null;
    default:
      return fail('UPSTREAM_UNAVAILABLE', `${provider.name} could not check the credential. ${said}`);
  }
}
