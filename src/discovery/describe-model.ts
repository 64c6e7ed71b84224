/** Everything known of a model that a connection offers: what the provider states, then what the catalogue knows. */
import type { ModelCapability, ModelKind, WireProtocol } from '../domain/vocabulary.js';
import { callableProtocols } from '../providers/callable-protocols.js';
import type { ListedModel, OfferingDefinition } from '../providers/define-provider.js';
import type { CatalogFacts } from './catalog/catalog.js';
import { kindByName } from './model-kind.js';
import type { StatedPrice } from './plan-prices.js';

/** Looks up an offering's model; null when the catalogue does not know it. */
export type FactsLookup = (offering: OfferingDefinition, upstreamId: string) => CatalogFacts | null;

export interface DescribedModel {
  readonly upstreamId: string;
  readonly displayName: string;
  readonly kind: ModelKind;
  readonly contextWindow: number | null;
  readonly maxOutputTokens: number | null;
  readonly capabilities: readonly ModelCapability[];
  readonly protocols: readonly WireProtocol[];
  readonly price: StatedPrice | null;
}

/** Describes one. The provider's word outranks the catalogue's; abilities add up, because lists name only some. */
export function describeModel(
  offering: OfferingDefinition,
  listed: ListedModel,
  factsFor: FactsLookup,
  now: number,
): DescribedModel {
  const facts = factsFor(offering, listed.upstreamId);
  const kind = listed.kind ?? kindOf(listed.upstreamId, facts);
  const capabilities = new Set<ModelCapability>([
    ...(kind === 'CHAT' ? (['STREAMING'] as const) : []),
    ...(facts?.capabilities ?? []),
    ...(listed.capabilities ?? []),
  ]);
  return {
    upstreamId: listed.upstreamId,
    displayName: listed.displayName ?? facts?.displayName ?? listed.upstreamId,
    kind,
    contextWindow: listed.contextWindow ?? facts?.contextWindow ?? null,
    maxOutputTokens: listed.maxOutputTokens ?? facts?.maxOutputTokens ?? null,
    capabilities: [...capabilities].toSorted(),
    protocols: callableProtocols(offering, listed.upstreamId, kind),
    price: priceOf(offering, listed, facts, now),
  };
}

/** Catalogues call everything that takes and gives text a chat model; that an embedding is none, its name knows better. */
function kindOf(upstreamId: string, facts: CatalogFacts | null): ModelKind {
  return facts?.kind !== undefined && facts.kind !== 'CHAT' ? facts.kind : kindByName(upstreamId);
}

/** The provider's own word first: in its list, then where it publishes prices. */
function priceOf(
  { publishedPrices }: OfferingDefinition,
  listed: ListedModel,
  facts: CatalogFacts | null,
  now: number,
): StatedPrice | null {
  if (listed.prices) return { prices: listed.prices, source: 'PROVIDER', asOf: now };
  const published = publishedPrices?.models[listed.upstreamId];
  if (publishedPrices && published)
    return { prices: published, source: 'PROVIDER', asOf: Date.parse(publishedPrices.asOf) };
  if (!facts?.prices) return null;
  return { prices: facts.prices, source: 'CATALOG', asOf: Date.parse(facts.asOf) };
}
