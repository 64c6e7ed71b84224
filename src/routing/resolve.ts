/** From what a client sent as `model` to the model it means, or why it means none. */
import { findByName } from './names.js';
import type { ModelEntry, WorkspaceTable } from './table.js';

export type Resolution =
  | { readonly kind: 'model'; readonly entry: ModelEntry }
  /** A name that several models go by. */
  | { readonly kind: 'ambiguous'; readonly candidates: readonly string[] }
  | { readonly kind: 'unknown' };

export function resolveModel(workspace: WorkspaceTable, name: string): Resolution {
  const named = findByName(workspace.names, name);
  // A model that nobody serves at the moment makes no name ambiguous.
  const served = named.filter(({ routes }) => routes.length > 0);
  const [entry, ...others] = served.length > 0 ? served : named;
  if (entry === undefined) return { kind: 'unknown' };
  if (others.length === 0) return { kind: 'model', entry };
  return { kind: 'ambiguous', candidates: [entry, ...others].map(({ model }) => model.ref).sort() };
}
