/** From the name a caller sent to a model it may use, and the ways to reach it. */
import { AppError } from '../domain/errors.js';
import type { Surface } from '../protocols/registry.js';
import { isAllowed, planNamedModel, type RoutePlan } from '../routing/plan.js';
import { resolveModel } from '../routing/resolve.js';
import type { KeyEntry, ModelEntry } from '../routing/table.js';

/** The model a name means; throws an AppError that says why it means none. */
export function chooseModel(caller: KeyEntry, name: string): ModelEntry {
  const resolution = resolveModel(caller.workspace, name === '' ? null : name);
  switch (resolution.kind) {
    case 'model': {
      const { ref } = resolution.entry.model;
      if (!isAllowed(caller.key, ref)) {
        throw new AppError(
          'FORBIDDEN',
          `This access key may not use ${ref}. GET /v1/models lists what it may use.`,
        );
      }
      return resolution.entry;
    }
    case 'auto':
      throw new AppError(
        'MODEL_REQUIRED',
        'No model was named. Send "model" as provider/model; GET /v1/models lists them.',
      );
    case 'ambiguous':
      throw new AppError(
        'MODEL_AMBIGUOUS',
        `Several providers serve "${name}". Name one of ${resolution.candidates.join(', ')}.`,
      );
    case 'unknown':
      throw new AppError(
        'MODEL_NOT_FOUND',
        `There is no model "${name}" here. GET /v1/models lists those there are.`,
      );
  }
}

/** The ways to reach it; throws an AppError when there is none. */
export function planRoutes(entry: ModelEntry, { protocol, client }: Surface): RoutePlan {
  const plan = planNamedModel(entry, { protocol: protocol.id, translatable: client !== null });
  if (plan.routes.length > 0) return plan;
  const spoken = [...new Set(entry.routes.flatMap((route) => route.protocols))];
  throw new AppError(
    'PROTOCOL_UNSUPPORTED',
    `${entry.model.ref} cannot be called as ${protocol.id}; it speaks ${spoken.join(' and ') || 'nothing at the moment'}.`,
  );
}
