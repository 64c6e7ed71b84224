/** Adds a workspace: a tenant whose connections, keys and usage nobody else sees. */
import { NAME_MAX_CHARS } from '../../config/limits.js';
import { newId } from '../../domain/ids.js';
import type { WorkspaceRecord } from '../../domain/records.js';
import { isUniqueViolation } from '../../persistence/unique-violation.js';
import { insertWorkspace } from '../../persistence/workspaces.js';
import { audit, changesBetween } from '../audit.js';
import { operatorContext, type OperatorDeps } from '../operator.js';
import { fail, ok, type Result } from '../result.js';
import { insertShippedTiers } from '../tiers/ensure-tiers.js';

/** Lower-case letters, digits and dashes, no dash at either end. */
const SLUG = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

export interface WorkspaceCreateInput {
  readonly slug: string;
  readonly name: string;
}

export async function createWorkspace(
  deps: OperatorDeps,
  userName: string,
  input: WorkspaceCreateInput,
): Promise<Result<WorkspaceRecord>> {
  const { slug } = input;
  if (!SLUG.test(slug)) {
    return fail(
      'INVALID',
      `"${slug}" is no slug: it has 1 to 63 lower-case letters, digits and dashes, and no dash at either end.`,
      ['slug'],
    );
  }
  const name = checkWorkspaceName(input.name);
  if (!name.ok) return name;
  const now = deps.clock.now();
  const workspace = { id: newId('workspace', now), slug, name: name.value, createdAt: now };
  try {
    await deps.database.workspace(workspace.id).$transaction(async (tx) => {
      await insertWorkspace(tx, workspace);
      await insertShippedTiers(tx, workspace.id, now);
      await audit(tx, operatorContext(userName, workspace.id), deps.clock, {
        action: 'workspace.create',
        subjectId: workspace.id,
        subjectName: workspace.name,
        changes: changesBetween(null, { slug, name: workspace.name }),
      });
    });
  } catch (error) {
    if (isUniqueViolation(error)) return fail('TAKEN', `There is a workspace "${slug}" already.`, ['slug']);
    throw error;
  }
  deps.bus.publish('config.changed', { workspaceId: workspace.id });
  return ok(workspace);
}

/** A name without surrounding space. */
export function checkWorkspaceName(name: string): Result<string> {
  const text = name.trim();
  if (text === '') return fail('REQUIRED', 'A workspace needs a name.', ['name']);
  return text.length > NAME_MAX_CHARS
    ? fail('OUT_OF_RANGE', `A name has at most ${NAME_MAX_CHARS} characters.`, ['name'])
    : ok(text);
}
