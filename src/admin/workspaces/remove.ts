/** Removes a workspace in which nothing is left that somebody would miss. */
import type { WorkspaceRecord } from '../../domain/records.js';
import {
  deleteWorkspace,
  lockAndCountWorkspace,
  type WorkspaceContents,
} from '../../persistence/workspaces.js';
import { audit } from '../audit.js';
import { DEFAULT_WORKSPACE } from '../bootstrap.js';
import { operatorContext, type OperatorDeps } from '../operator.js';
import { fail, ok, type Result } from '../result.js';
import { namedWorkspace } from './find.js';

export async function removeWorkspace(
  deps: OperatorDeps,
  userName: string,
  slug: string,
): Promise<Result<WorkspaceRecord>> {
  if (slug === DEFAULT_WORKSPACE) {
    return fail('INVALID_STATE', `The workspace "${slug}" stays: the next start would make it again.`, [
      'slug',
    ]);
  }
  const found = await namedWorkspace(deps, slug);
  if (!found.ok) return found;
  const workspace = found.value;
  const removed = await deps.database
    .workspace(workspace.id)
    .$transaction(async (tx): Promise<Result<WorkspaceRecord>> => {
      const contents = await lockAndCountWorkspace(tx, workspace.id, deps.clock.now());
      if (contents === null) return fail('NOT_FOUND', `There is no workspace "${slug}".`, ['slug']);
      const left = describe(contents);
      if (left.length > 0) {
        return fail('IN_USE', `The workspace "${slug}" is not empty: it has ${left.join(', ')}.`, ['slug']);
      }
      await audit(tx, operatorContext(userName, workspace.id), deps.clock, {
        action: 'workspace.delete',
        subjectId: workspace.id,
        subjectName: workspace.name,
        changes: [],
      });
      await deleteWorkspace(tx, workspace.id);
      return ok(workspace);
    });
  if (removed.ok) deps.bus.publish('config.changed', { workspaceId: workspace.id });
  return removed;
}

function describe(contents: WorkspaceContents): string[] {
  const counted: readonly (readonly [number, string, string])[] = [
    [contents.connections, 'connection', 'connections'],
    [contents.customProviders, 'custom provider', 'custom providers'],
    [contents.accessKeys, 'access key that works', 'access keys that work'],
    [contents.adminTokens, 'admin token that works', 'admin tokens that work'],
  ];
  const left = counted.flatMap(([count, one, many]) =>
    count === 0 ? [] : [`${count} ${count === 1 ? one : many}`],
  );
  return contents.hasUsage ? [...left, 'recorded usage, which is kept for good'] : left;
}
