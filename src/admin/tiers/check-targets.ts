/** Checks a tier's targets: that each names what is there, once. */
import { TARGETS_MAX } from '../../config/routing-limits.js';
import { formatModelRef, splitModelRef } from '../../domain/model-ref.js';
import type { ConnectionRecord, ModelRecord, RouteTargetRecord } from '../../domain/records.js';
import { findConnections } from '../../persistence/connections.js';
import { readProviders } from '../../persistence/custom-providers.js';
import { findModelsByRef } from '../../persistence/models.js';
import type { ScopedTransaction } from '../../persistence/workspace-scope.js';
import type { ProviderSet } from '../../providers/provider-set.js';
import type { RouteTargetInput } from './verbs.js';
import { fail, ok, problemsOf, type Result } from '../result.js';

const FIELD = ['input', 'targets'];

/** The targets with every alias of a provider replaced by its slug. */
export async function checkTargets(
  rows: ScopedTransaction,
  inputs: readonly RouteTargetInput[],
  least: number,
): Promise<Result<readonly RouteTargetRecord[]>> {
  if (inputs.length < least || inputs.length > TARGETS_MAX) {
    return fail('OUT_OF_RANGE', `A tier has ${least} to ${TARGETS_MAX} targets.`, FIELD);
  }
  const providers = await readProviders(rows);
  const targets = inputs.map(({ modelRef, billing, connectionId }) => ({
    modelRef: withoutAlias(providers, modelRef.trim()),
    billing: billing ?? null,
    connectionId: connectionId ?? null,
  }));
  const models = await findModelsByRef(
    rows,
    targets.map(({ modelRef }) => modelRef),
  );
  const connections = await findConnections(
    rows,
    targets.flatMap(({ connectionId }) => connectionId ?? []),
  );
  const known = {
    models: new Map(models.map((model) => [model.ref, model])),
    connections: new Map(connections.map((connection) => [connection.id, connection])),
  };
  const seen = new Set<string>();
  const checks = targets.map((target, index): Result<RouteTargetRecord> => {
    const field = [...FIELD, String(index)];
    const checked = checkTarget(target, known, field);
    if (!checked.ok) return checked;
    const key = `${target.modelRef} ${target.billing ?? ''} ${target.connectionId ?? ''}`;
    if (seen.has(key)) return fail('INVALID', `${target.modelRef} is listed twice in the same way.`, field);
    seen.add(key);
    return checked;
  });
  return checks.every((check) => check.ok) ? ok(targets) : problemsOf(checks);
}

interface Known {
  readonly models: ReadonlyMap<string, ModelRecord>;
  readonly connections: ReadonlyMap<string, ConnectionRecord>;
}

/** A model that is disabled or no longer offered may stand in a tier: it is passed over until it is back. */
function checkTarget(
  target: RouteTargetRecord,
  { models, connections }: Known,
  field: readonly string[],
): Result<RouteTargetRecord> {
  const { modelRef, billing, connectionId } = target;
  const model = models.get(modelRef);
  if (splitModelRef(modelRef) === null) {
    return fail('INVALID', `"${modelRef}" is no reference; write it as provider/model.`, [
      ...field,
      'modelRef',
    ]);
  }
  if (!model) return fail('NOT_FOUND', `There is no model "${modelRef}".`, [...field, 'modelRef']);
  if (model.kind !== 'CHAT') {
    return fail('INVALID', `${modelRef} is not for conversations, so nothing can be routed to it.`, [
      ...field,
      'modelRef',
    ]);
  }
  if (connectionId === null) return ok(target);
  const place = [...field, 'connectionId'];
  const connection = connections.get(connectionId);
  if (!connection) return fail('NOT_FOUND', 'There is no such connection.', place);
  if (connection.provider !== model.provider) {
    return fail('INVALID', `That connection is one of ${connection.provider}, not ${model.provider}.`, place);
  }
  return billing === null || billing === connection.billing
    ? ok(target)
    : fail('INVALID', `That connection is paid for as ${connection.billing}, not ${billing}.`, [
        ...field,
        'billing',
      ]);
}

function withoutAlias(providers: ProviderSet, name: string): string {
  const ref = splitModelRef(name);
  const provider = ref && providers.find(ref.provider);
  return ref && provider ? formatModelRef(provider.slug, ref.upstreamId) : name;
}
