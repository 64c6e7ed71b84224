/** Looks models up in a catalogue: facts where a provider's list is silent, and list prices. */
import { type TokenPrices, usdFromNumber } from '../../domain/money.js';
import type { ModelCapability, ModelKind } from '../../domain/vocabulary.js';
import type { ListedModel, OfferingDefinition } from '../../providers/define-provider.js';
import { known } from '../../providers/model-list.js';
import catalogFile from './catalog.json' with { type: 'json' };
import type { CatalogEntry, CatalogFile } from './compile.js';
import { canonical, spellingsOf } from './spelling.js';

/**
 * What the catalogue knows of a model at an offering, in the words of a provider's list: absent fields are unknown, and
 * prices are list prices, never zero. It adds to the list and never decides what is in it.
 */
export interface CatalogFacts extends Omit<ListedModel, 'upstreamId'> {
  /** Day the catalogue was taken, `YYYY-MM-DD`. */
  readonly asOf: string;
}

/** The offering's part in a lookup. */
export type CatalogSource = Pick<OfferingDefinition, 'catalog' | 'catalogAliases'>;

/** Facts of an offering's model; null when the catalogue has never heard of it. */
export type CatalogLookup = (offering: CatalogSource, upstreamId: string) => CatalogFacts | null;

/** The snapshot in the program: whatever happens, this much is known. */
export const SHIPPED_CATALOG: CatalogFile = catalogFile;

/** Looks up the snapshot that ships with the program. */
export const factsFor = catalogLookup(SHIPPED_CATALOG);

/**
 * Makes the lookup of a catalogue. Windows come only from the offering's own entries, because plans cut the same model
 * differently; prices and abilities belong to the model and may come from where it is sold per token.
 */
export function catalogLookup({ asOf, providers }: CatalogFile): CatalogLookup {
  const find = createFinder(providers);
  return (offering, upstreamId) => {
    const own = find(offering.catalog.facts, spellingsOf(upstreamId), () => true);
    const alias = offering.catalogAliases?.[upstreamId];
    const names = [...(alias === undefined ? [] : [alias]), upstreamId].flatMap(spellingsOf);
    const sold = own?.price ? own : find(offering.catalog.prices, names, ({ price }) => price !== undefined);
    const model = own ?? sold;
    if (!model) return null;
    return {
      ...known({
        displayName: own?.name ?? (alias === undefined ? model.name : undefined),
        contextWindow: own?.context,
        maxOutputTokens: own?.output,
        prices: sold ? pricesOf(sold) : undefined,
      }),
      capabilities: capabilitiesOf(model),
      kind: kindOf(model),
      asOf,
    };
  };
}

type Find = (
  catalogIds: readonly string[],
  spellings: readonly string[],
  accepts: (entry: CatalogEntry) => boolean,
) => CatalogEntry | null;

/** By spelling first and by provider second: the closest name anywhere beats a distant one at the first provider. */
function createFinder(providers: CatalogFile['providers']): Find {
  const indexes = new Map<string, ReadonlyMap<string, CatalogEntry>>();
  const indexOf = (catalogId: string): ReadonlyMap<string, CatalogEntry> => {
    const index = indexes.get(catalogId) ?? indexModels(providers[catalogId] ?? {});
    indexes.set(catalogId, index);
    return index;
  };
  return (catalogIds, spellings, accepts) => {
    for (const spelling of spellings) {
      for (const id of catalogIds) {
        const entry = indexOf(id).get(spelling);
        if (entry && accepts(entry)) return entry;
      }
    }
    return null;
  };
}

/** Every spelling of a provider's models; a model's own spelling wins over the shortened one of another. */
function indexModels(models: Readonly<Record<string, CatalogEntry>>): ReadonlyMap<string, CatalogEntry> {
  const entries = Object.entries(models);
  const index = new Map(entries.map(([id, entry]) => [canonical(id), entry]));
  for (const [id, entry] of entries) {
    for (const spelling of spellingsOf(id)) if (!index.has(spelling)) index.set(spelling, entry);
  }
  return index;
}

const ABILITIES: readonly (readonly [string, ModelCapability])[] = [
  ['T', 'TOOLS'],
  ['V', 'VISION'],
  ['R', 'REASONING'],
  ['S', 'STRUCTURED_OUTPUT'],
  ['C', 'PROMPT_CACHING'],
];

function capabilitiesOf(entry: CatalogEntry): ModelCapability[] {
  const able = ABILITIES.filter(([letter]) => entry.can?.includes(letter)).map(
    ([, capability]) => capability,
  );
  return kindOf(entry) === 'CHAT' ? ['STREAMING', ...able] : able;
}

function kindOf({ kind = 'CHAT' }: CatalogEntry): ModelKind {
  return kind === 'CHAT' || kind === 'EMBEDDING' ? kind : 'OTHER';
}

function pricesOf({ price = [] }: CatalogEntry): TokenPrices | undefined {
  const [input, output, cacheRead, cacheWrite] = price;
  if (typeof input !== 'number' || typeof output !== 'number') return undefined;
  return {
    input: usdFromNumber(input),
    output: usdFromNumber(output),
    cacheRead: typeof cacheRead === 'number' ? usdFromNumber(cacheRead) : null,
    cacheWrite: typeof cacheWrite === 'number' ? usdFromNumber(cacheWrite) : null,
  };
}
