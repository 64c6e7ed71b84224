/** What the verbs on a stored connection have in common: that it may be missing, and what offering it is of. */
import type { ConnectionRecord } from '../../domain/records.js';
import { readProviders } from '../../persistence/custom-providers.js';
import type { ScopedTransaction } from '../../persistence/workspace-scope.js';
import type { OfferingDefinition, ProviderDefinition } from '../../providers/define-provider.js';
import { findOffering } from '../../providers/registry.js';
import { fail, ok, type Result } from '../result.js';

/** For a connection that does not exist or belongs to another workspace; which of the two stays untold. */
export function connectionNotFound(): Result<never> {
  return fail('NOT_FOUND', 'There is no such connection.', ['id']);
}

/** The offering behind a stored connection; a later version of this program may have dropped it. */
export async function offeringOf(
  rows: ScopedTransaction,
  connection: ConnectionRecord,
): Promise<Result<{ provider: ProviderDefinition; offering: OfferingDefinition }>> {
  const provider = (await readProviders(rows)).find(connection.provider);
  const offering = provider && findOffering(provider, connection.offering);
  return provider && offering
    ? ok({ provider, offering })
    : fail(
        'INVALID_STATE',
        `This version does not know the offering ${connection.provider}/${connection.offering}.`,
      );
}
