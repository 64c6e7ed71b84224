/** The workspace that an operator named. */
import type { WorkspaceRecord } from '../../domain/records.js';
import { findWorkspaceBySlug, listWorkspaces } from '../../persistence/workspaces.js';
import type { OperatorDeps } from '../operator.js';
import { fail, ok, type Result } from '../result.js';

/** By its slug; the refusal of an unknown one names those that exist. */
export async function namedWorkspace(
  { database }: Pick<OperatorDeps, 'database'>,
  slug: string,
): Promise<Result<WorkspaceRecord>> {
  const workspace = await findWorkspaceBySlug(database.prisma, slug);
  if (workspace !== null) return ok(workspace);
  const known = (await listWorkspaces(database.prisma)).map((other) => other.slug);
  const hint =
    known.length === 0
      ? 'there is none yet'
      : `there ${known.length === 1 ? 'is' : 'are'} ${known.join(', ')}`;
  return fail('NOT_FOUND', `There is no workspace "${slug}"; ${hint}.`, ['workspace']);
}
