/** What a connection's sealed secret is bound to; the one definition for those who seal it and those who open it. */
import type { SealBinding } from './vault.js';

/** Binding of a connection's provider credential. */
export function connectionSecretBinding(workspaceId: string, connectionId: string): SealBinding {
  return { workspaceId, subjectId: connectionId, purpose: 'connection.secret' };
}
