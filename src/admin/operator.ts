/**
 * Who sits at the machine itself. Its operator reaches every workspace: what concerns the installation as a whole (tokens,
 * workspaces, keys) is done from the command line only.
 */
import type { Clock } from '../domain/clock.js';
import { ADMIN_SCOPES } from '../domain/vocabulary.js';
import type { Bus } from '../live/bus.js';
import type { Database } from '../persistence/database.js';
import type { AdminContext } from './actor.js';

/** What the verbs of the command line work with. */
export interface OperatorDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly bus: Bus;
}

/** The context of a change in one workspace, made at the machine by the user of this name. */
export function operatorContext(userName: string, workspaceId: string): AdminContext {
  return {
    actor: {
      kind: 'CLI',
      id: null,
      name: userName,
      scopes: ADMIN_SCOPES,
      workspaceId,
      expiresAt: null,
    },
    ip: null,
    requestId: null,
    signal: new AbortController().signal,
  };
}
