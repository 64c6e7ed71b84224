/**
 * What a name means among the models of a workspace. From the first rule that finds anything to the last: a reference
 * `provider/id`; the same under an alias of the provider; the provider's own id without the provider, slashes, colons and
 * all; then the same three without regard to capitals. A client's mark for a long context is no part of a name.
 */
import { formatModelRef, splitModelRef, type ModelRef } from '../domain/model-ref.js';
import type { ProviderSet } from '../providers/provider-set.js';

/** Who may stand in front of a name. */
type KnownProviders = Pick<ProviderSet, 'find'>;

/** Models by each of the names they have. */
export interface NameIndex<T> {
  readonly providers: KnownProviders;
  readonly byRef: ReadonlyMap<string, T>;
  readonly byId: ReadonlyMap<string, readonly T[]>;
  readonly byFoldedRef: ReadonlyMap<string, readonly T[]>;
  readonly byFoldedId: ReadonlyMap<string, readonly T[]>;
}

/** Claude Code marks models so when it means to use a context of a million tokens; it strips the mark for nobody. */
const CONTEXT_MARK = /\[1m\]$/i;

/** Indexes models; `nameOf` says what one is called. */
export function indexNames<T>(
  models: Iterable<T>,
  nameOf: (model: T) => ModelRef,
  providers: KnownProviders,
): NameIndex<T> {
  const byRef = new Map<string, T>();
  const byId = new Map<string, T[]>();
  const byFoldedRef = new Map<string, T[]>();
  const byFoldedId = new Map<string, T[]>();
  for (const model of models) {
    const { provider, upstreamId } = nameOf(model);
    const ref = formatModelRef(provider, upstreamId);
    byRef.set(ref, model);
    add(byId, upstreamId, model);
    add(byFoldedRef, fold(ref), model);
    add(byFoldedId, fold(upstreamId), model);
  }
  return { providers, byRef, byId, byFoldedRef, byFoldedId };
}

/** The models that a name may mean: none, the one, or several to choose from. */
export function findByName<T>(index: NameIndex<T>, name: string): readonly T[] {
  const found = find(index, name);
  return found.length === 0 && CONTEXT_MARK.test(name) ? find(index, name.replace(CONTEXT_MARK, '')) : found;
}

function find<T>(index: NameIndex<T>, name: string): readonly T[] {
  const exact = index.byRef.get(name);
  if (exact !== undefined) return [exact];
  const ref = withoutAlias(index.providers, name);
  const aliased = ref === null ? undefined : index.byRef.get(ref);
  if (aliased !== undefined) return [aliased];
  return (
    index.byId.get(name) ??
    index.byFoldedRef.get(fold(name)) ??
    (ref === null ? undefined : index.byFoldedRef.get(fold(ref))) ??
    index.byFoldedId.get(fold(name)) ??
    []
  );
}

/** The name with the provider's slug in front; null when no known provider stands in front. */
function withoutAlias(providers: KnownProviders, name: string): string | null {
  const ref = splitModelRef(name);
  const provider = ref && providers.find(ref.provider);
  return ref && provider ? formatModelRef(provider.slug, ref.upstreamId) : null;
}

function fold(name: string): string {
  return name.toLowerCase();
}

function add<T>(index: Map<string, T[]>, key: string, model: T): void {
  const namesakes = index.get(key);
  if (namesakes) namesakes.push(model);
  else index.set(key, [model]);
}
