/** `GET /v1/models`: what a key may use, in one shape that both OpenAI's and Anthropic's clients read. */
import type { KeyEntry, ModelEntry } from '../routing/table.js';
import { isAllowed } from '../routing/plan.js';
import { resolveModel } from '../routing/resolve.js';

export function listModels(caller: KeyEntry): object {
  const data = [...caller.workspace.models.values()]
    .filter(({ model, routes }) => routes.length > 0 && isAllowed(caller.key, model.ref))
    .map(describe)
    .sort((a, b) => (a.id < b.id ? -1 : 1));
  return {
    object: 'list',
    data,
    has_more: false,
    first_id: data[0]?.id ?? null,
    last_id: data.at(-1)?.id ?? null,
  };
}

/** One model by reference or unambiguous name; null when there is none for this key. */
export function findModel(caller: KeyEntry, name: string): object | null {
  const resolution = resolveModel(caller.workspace, name);
  if (resolution.kind !== 'model' || !isAllowed(caller.key, resolution.entry.model.ref)) return null;
  return describe(resolution.entry);
}

function describe({ model }: ModelEntry) {
  return {
    id: model.ref,
    object: 'model',
    type: 'model',
    created: Math.floor(model.firstSeenAt / 1000),
    created_at: new Date(model.firstSeenAt).toISOString(),
    owned_by: model.provider,
    display_name: model.displayName,
    context_length: model.contextWindow,
    max_output_tokens: model.maxOutputTokens,
  };
}
