/** A request on its way through the repairs. */
import type { Edit, JsonMembers } from '../json-scan.js';
import type { Target } from '../target.js';

/** A request and what became of it so far. */
export interface Repairing {
  readonly body: Buffer;
  readonly members: JsonMembers;
  readonly target: Target;
  readonly edits: Edit[];
  readonly removed: Set<string>;
  readonly repairs: Set<string>;
}
