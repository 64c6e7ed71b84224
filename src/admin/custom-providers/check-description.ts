/** Checks of what an operator says of a provider, the same for a new one and for changes. */
import { CUSTOM_MODELS_MAX, NAME_MAX_CHARS, UPSTREAM_ID_MAX_CHARS } from '../../config/limits.js';
import type { Billing, WireProtocol } from '../../domain/vocabulary.js';
import {
  CUSTOM_PROTOCOLS,
  CUSTOM_SLUG,
  isCustomProtocol,
  type CustomModel,
  type CustomPrice,
  type CustomProtocol,
} from '../../providers/custom-provider.js';
import type { ProviderSet } from '../../providers/provider-set.js';
import { checkBaseUrl } from '../../upstream/address-policy.js';
import type { AdminDeps } from '../admin-deps.js';
import type { CustomModelInput } from './verbs.js';
import type { CustomPriceInput } from '../models/verbs.js';
import { checkTokenPrice } from '../models/check-price.js';
import { fail, ok, type Result } from '../result.js';

/** A slug that is free; a described provider never takes the name of one that is built in. */
export function checkSlug(slug: string, known: ProviderSet): Result<string> {
  const field = ['input', 'slug'];
  if (!CUSTOM_SLUG.test(slug)) {
    return fail(
      'INVALID',
      'A slug has 1 to 63 lower-case letters, digits and dashes, and no dash at either end.',
      field,
    );
  }
  const holder = known.find(slug);
  return holder === null ? ok(slug) : fail('TAKEN', `"${slug}" already means ${holder.name}.`, field);
}

/** A name without surrounding space. */
export function checkName(name: string): Result<string> {
  const text = name.trim();
  const field = ['input', 'name'];
  if (text === '') return fail('REQUIRED', 'A provider needs a name.', field);
  return text.length > NAME_MAX_CHARS
    ? fail('OUT_OF_RANGE', `A name has at most ${NAME_MAX_CHARS} characters.`, field)
    : ok(text);
}

/** A format that can be spoken with a server nobody knows more of. */
export function checkProtocol(protocol: WireProtocol): Result<CustomProtocol> {
  return isCustomProtocol(protocol)
    ? ok(protocol)
    : fail('INVALID', `A custom provider speaks one of ${CUSTOM_PROTOCOLS.join(', ')}, not ${protocol}.`, [
        'input',
        'protocol',
      ]);
}

/** A base that may be called, without the slashes at its end. */
export function checkBase(
  deps: Pick<AdminDeps, 'allowPrivateUpstreams'>,
  billing: Billing,
  baseUrl: string,
): Result<string> {
  const checked = checkBaseUrl(baseUrl, { billing, allowPrivate: deps.allowPrivateUpstreams });
  return checked.ok
    ? ok(checked.url.replace(/\/+$/, ''))
    : fail('INVALID', checked.message, ['input', 'baseUrl']);
}

/** The described models; there must be some where the provider is not asked for its list. */
export function checkModels(
  inputs: readonly CustomModelInput[],
  liveCatalog: boolean,
): Result<readonly CustomModel[]> {
  const field = ['input', 'models'];
  if (inputs.length === 0 && !liveCatalog) {
    return fail('REQUIRED', 'Describe at least one model, or have the list read with liveCatalog.', field);
  }
  if (inputs.length > CUSTOM_MODELS_MAX) {
    return fail('OUT_OF_RANGE', `At most ${CUSTOM_MODELS_MAX} models can be described.`, field);
  }
  const models = new Map<string, CustomModel>();
  for (const [index, input] of inputs.entries()) {
    const model = checkModel(input, [...field, String(index)]);
    if (!model.ok) return model;
    const { upstreamId } = model.value;
    if (models.has(upstreamId)) {
      return fail('INVALID', `"${upstreamId}" is described twice.`, [...field, String(index), 'upstreamId']);
    }
    models.set(upstreamId, model.value);
  }
  return ok([...models.values()]);
}

function checkModel(input: CustomModelInput, field: readonly string[]): Result<CustomModel> {
  const upstreamId = input.upstreamId.trim();
  const wrongId = fail(
    'INVALID',
    `A model's name has 1 to ${UPSTREAM_ID_MAX_CHARS} characters and no spaces.`,
    [...field, 'upstreamId'],
  );
  if (upstreamId === '' || upstreamId.length > UPSTREAM_ID_MAX_CHARS || /\s/.test(upstreamId)) return wrongId;
  const displayName = input.displayName?.trim() ?? '';
  if (displayName.length > NAME_MAX_CHARS) {
    return fail('OUT_OF_RANGE', `A name has at most ${NAME_MAX_CHARS} characters.`, [
      ...field,
      'displayName',
    ]);
  }
  for (const limit of ['contextWindow', 'maxOutputTokens'] as const) {
    if ((input[limit] ?? 1) < 1) return fail('OUT_OF_RANGE', `${limit} is at least 1.`, [...field, limit]);
  }
  const listPrice = input.listPrice ? checkPrice(input.listPrice, [...field, 'listPrice']) : ok(null);
  if (!listPrice.ok) return listPrice;
  return ok({
    upstreamId,
    displayName: displayName === '' ? null : displayName,
    contextWindow: input.contextWindow ?? null,
    maxOutputTokens: input.maxOutputTokens ?? null,
    capabilities: input.capabilities ? [...new Set(input.capabilities)].toSorted() : null,
    listPrice: listPrice.value,
  });
}

/** The price as it was written, once it proved to be one. */
function checkPrice(input: CustomPriceInput, field: readonly string[]): Result<CustomPrice> {
  const checked = checkTokenPrice(input, field);
  if (!checked.ok) return checked;
  return ok({
    input: input.inputUsdPerMillion,
    output: input.outputUsdPerMillion,
    cacheRead: input.cacheReadUsdPerMillion ?? null,
    cacheWrite: input.cacheWriteUsdPerMillion ?? null,
  });
}
