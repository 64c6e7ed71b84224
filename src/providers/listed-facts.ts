/** Readers of what several providers' model lists state in the same words: prices, modalities, parameters. */
import { type NanoUsd, type TokenPrices, usdFromNumber } from '../domain/money.js';
import type { ModelCapability, ModelKind } from '../domain/vocabulary.js';
import { isFields } from './model-list.js';

/** Names of price fields in a list; the cache ones only where it states them. */
export interface PriceFields {
  readonly input: string;
  readonly output: string;
  readonly cacheRead?: string;
  readonly cacheWrite?: string;
}

/** OpenRouter's names, which many aggregators took over. */
const OPENROUTER_FIELDS: PriceFields = {
  input: 'prompt',
  output: 'completion',
  cacheRead: 'input_cache_read',
  cacheWrite: 'input_cache_write',
};

const TOKENS_PER_PRICE = 1_000_000;

/**
 * Prices in dollars, as numbers or decimal strings; undefined unless both input and output are stated. A negative price
 * stands for "it depends" and is none.
 */
export function readPrices(
  value: unknown,
  fields: PriceFields,
  perTokens: number = TOKENS_PER_PRICE,
): TokenPrices | undefined {
  if (!isFields(value)) return undefined;
  const price = (field: string | undefined): NanoUsd | null =>
    field === undefined ? null : dollars(value[field], TOKENS_PER_PRICE / perTokens);
  const input = price(fields.input);
  const output = price(fields.output);
  if (input === null || output === null) return undefined;
  return { input, output, cacheRead: price(fields.cacheRead), cacheWrite: price(fields.cacheWrite) };
}

/** Prices per single token under OpenRouter's names: `{"prompt": "0.000003", "completion": "0.000015", …}`. */
export function readTokenPrices(value: unknown): TokenPrices | undefined {
  const prices = readPrices(value, OPENROUTER_FIELDS, 1);
  const perRequest = isFields(value) ? dollars(value['request'], 1) : null;
  return prices && perRequest ? { ...prices, perRequest } : prices;
}

/** What a model that gives these modalities is for; undefined when they are not stated. */
export function kindOfOutput(modalities: unknown): ModelKind | undefined {
  if (!Array.isArray(modalities) || modalities.length === 0) return undefined;
  if (modalities.includes('text')) return 'CHAT';
  return modalities.some((modality) => modality === 'embedding' || modality === 'embeddings')
    ? 'EMBEDDING'
    : 'OTHER';
}

/** Abilities among pairs of one and whether the list states it; undefined when it states none. */
export function capabilitiesOf(
  stated: readonly (readonly [ModelCapability, boolean | undefined])[],
): readonly ModelCapability[] | undefined {
  const able = stated.filter(([, has]) => has === true).map(([capability]) => capability);
  return able.length > 0 ? able : undefined;
}

/** Whether a list of words in a model list has one of these. */
export function names(list: unknown, ...words: readonly string[]): boolean {
  return Array.isArray(list) && words.some((word) => list.includes(word));
}

function dollars(value: unknown, times: number): NanoUsd | null {
  const amount = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (typeof amount !== 'number' || !Number.isFinite(amount) || amount < 0) return null;
  return usdFromNumber(amount * times);
}
