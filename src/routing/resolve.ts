/** From the name a client sent as `model` to the model it means. Prefixes come from the registry, before anything else. */
import { formatModelRef, splitModelRef } from '../domain/model-ref.js';
import { findProvider } from '../providers/registry.js';
import type { ModelEntry, WorkspaceTable } from './table.js';

export type Resolution =
  | { readonly kind: 'model'; readonly entry: ModelEntry }
  /** No model was named: the request wants one chosen for it. */
  | { readonly kind: 'auto' }
  /** A bare name that several providers serve. */
  | { readonly kind: 'ambiguous'; readonly candidates: readonly string[] }
  | { readonly kind: 'unknown' };

const AUTO = 'auto';

export function resolveModel(workspace: WorkspaceTable, name: string | null): Resolution {
  if (name === null || name === AUTO) return { kind: 'auto' };
  const exact = workspace.models.get(name) ?? byAlias(workspace, name);
  if (exact) return { kind: 'model', entry: exact };
  const known = workspace.byUpstreamId.get(name) ?? [];
  const served = known.filter(({ routes }) => routes.length > 0);
  const namesakes = served.length > 0 ? served : known;
  const [only, ...others] = namesakes;
  if (only === undefined) return { kind: 'unknown' };
  if (others.length === 0) return { kind: 'model', entry: only };
  return { kind: 'ambiguous', candidates: namesakes.map(({ model }) => model.ref).sort() };
}

function byAlias(workspace: WorkspaceTable, name: string): ModelEntry | undefined {
  const ref = splitModelRef(name);
  const provider = ref && findProvider(ref.provider);
  return provider && ref ? workspace.models.get(formatModelRef(provider.slug, ref.upstreamId)) : undefined;
}
