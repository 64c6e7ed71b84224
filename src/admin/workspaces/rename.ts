/** Gives a workspace another name to show; its slug stays. */
import type { WorkspaceRecord } from '../../domain/records.js';
import { renameWorkspace } from '../../persistence/workspaces.js';
import { audit, changesBetween } from '../audit.js';
import { operatorContext, type OperatorDeps } from '../operator.js';
import { ok, type Result } from '../result.js';
import { checkWorkspaceName, type WorkspaceCreateInput } from './create.js';
import { namedWorkspace } from './find.js';

export async function changeWorkspaceName(
  deps: OperatorDeps,
  userName: string,
  input: WorkspaceCreateInput,
): Promise<Result<WorkspaceRecord>> {
  const found = await namedWorkspace(deps, input.slug);
  if (!found.ok) return found;
  const before = found.value;
  const name = checkWorkspaceName(input.name);
  if (!name.ok) return name;
  const renamed = await deps.database.workspace(before.id).$transaction(async (tx) => {
    const after = await renameWorkspace(tx, before.id, name.value);
    if (after === null) return null;
    await audit(tx, operatorContext(userName, before.id), deps.clock, {
      action: 'workspace.update',
      subjectId: before.id,
      subjectName: after.name,
      changes: changesBetween({ name: before.name }, { name: after.name }),
    });
    return after;
  });
  // Removed meanwhile: whoever looks again is told so.
  return renamed === null ? namedWorkspace(deps, input.slug) : ok(renamed);
}
