/** Sets what the workspace's classifier weighs otherwise than as shipped. */
import { findClassifierWeights, writeClassifierWeights } from '../../persistence/workspaces.js';
import { checkWeights, DEFAULT_WEIGHTS, SIGNAL_WEIGHTS } from '../../routing/classify/weights.js';
import { requireScope, type AdminContext } from '../actor.js';
import type { AdminDeps } from '../admin-deps.js';
import type { ClassifierWeight, ClassifierWeightInput } from '../route-plan/verbs.js';
import { audit, changesBetween } from '../audit.js';
import { fail, ok, problemsOf, type Result } from '../result.js';
import { changeTiers } from '../tiers/change-tiers.js';

const FIELD = ['weights'];

/** Every weight there is, with the workspace's own value where it has one. */
export async function listWeights(deps: AdminDeps, context: AdminContext): Promise<ClassifierWeight[]> {
  requireScope(context, 'CONFIG_READ');
  const { workspaceId } = context.actor;
  return describe(await findClassifierWeights(deps.database.workspace(workspaceId), workspaceId));
}

/** All of the workspace's own weights, replacing those before; none for all as shipped. */
export function setWeights(
  deps: AdminDeps,
  context: AdminContext,
  inputs: readonly ClassifierWeightInput[],
): Promise<Result<ClassifierWeight[]>> {
  return changeTiers(deps, context, async (tx) => {
    const own = Object.fromEntries(inputs.map(({ name, value }) => [name, value]));
    if (Object.keys(own).length < inputs.length) return fail('INVALID', 'A weight is named twice.', FIELD);
    const problems = checkWeights(own).map(({ name, problem }) =>
      fail('INVALID', `${name}: ${problem}`, FIELD),
    );
    if (problems.length > 0) return problemsOf(problems);
    const { workspaceId } = context.actor;
    const before = await findClassifierWeights(tx, workspaceId);
    await writeClassifierWeights(tx, workspaceId, inputs.length === 0 ? null : own);
    await audit(tx, context, deps.clock, {
      action: 'classifier_weights.set',
      subjectId: workspaceId,
      subjectName: 'classifier weights',
      changes: changesBetween(before, { ...emptied(before), ...own }),
    });
    return ok(describe(own));
  });
}

function emptied(weights: Readonly<Record<string, number>> | null): Record<string, null> {
  return Object.fromEntries(Object.keys(weights ?? {}).map((name) => [name, null]));
}

function describe(own: Readonly<Record<string, number>> | null): ClassifierWeight[] {
  return Object.entries(DEFAULT_WEIGHTS).map(([name, shippedValue]) => ({
    name,
    measures: measuresOf(name),
    shippedValue,
    ownValue: own?.[name] ?? null,
  }));
}

function measuresOf(name: string): string | null {
  return Object.entries(SIGNAL_WEIGHTS).find(([signal]) => signal === name)?.[1].measures ?? null;
}
