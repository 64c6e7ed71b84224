/** Provider credentials on their way to rest. */
import type { SealedSecretRow } from '../../persistence/connections.js';
import { connectionSecretBinding } from '../../secrets/connection-secret.js';
import type { Vault } from '../../secrets/vault.js';

/** Seals a connection's secret; it opens for that connection only. */
export function sealSecret(
  vault: Vault,
  connection: { readonly workspaceId: string; readonly id: string },
  secret: string,
): SealedSecretRow {
  const binding = connectionSecretBinding(connection.workspaceId, connection.id);
  return { keyId: vault.keyId, envelope: vault.seal(secret, binding) };
}
