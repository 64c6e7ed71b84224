/** Providers that operators describe themselves: from a stored description to a definition like any other. */
import { parseUsd, type TokenPrices } from '../domain/money.js';
import type { Billing, ModelCapability, WireProtocol } from '../domain/vocabulary.js';
import type {
  AuthHeader,
  Endpoint,
  ListedModel,
  ModelSource,
  OfferingDefinition,
  Probe,
  ProviderDefinition,
  VerifyProbe,
} from './define-provider.js';
import { isFields, known, type ListEntry, parseModelList } from './model-list.js';

/** What an operator says of a provider. It is stored and sent as JSON, so that it holds nothing else. */
export interface CustomProvider {
  readonly slug: string;
  readonly name: string;
  readonly billing: Billing;
  readonly credential: 'API_KEY' | 'NONE';
  readonly protocol: CustomProtocol;
  /** Without a slash at its end. */
  readonly baseUrl: string;
  /** Whether the provider is asked for its models; otherwise `models` is all there is. */
  readonly liveCatalog: boolean;
  readonly models: readonly CustomModel[];
}

/** A model in the operator's words; null where nothing is said. */
export interface CustomModel {
  readonly upstreamId: string;
  readonly displayName: string | null;
  readonly contextWindow: number | null;
  readonly maxOutputTokens: number | null;
  readonly capabilities: readonly ModelCapability[] | null;
  readonly listPrice: CustomPrice | null;
}

/** Decimal dollars per million tokens; null classes are priced as `input`. */
export interface CustomPrice {
  readonly input: string;
  readonly output: string;
  readonly cacheRead: string | null;
  readonly cacheWrite: string | null;
}

/** Formats a custom provider can be described in. */
export const CUSTOM_PROTOCOLS = ['OPENAI_CHAT', 'OPENAI_RESPONSES', 'ANTHROPIC_MESSAGES'] as const;
export type CustomProtocol = (typeof CUSTOM_PROTOCOLS)[number];

/** Code of a custom provider's only offering. */
const CUSTOM_OFFERING = 'custom';

/** Lower-case letters, digits and dashes, not at the ends: the slug is half of a model's name. */
export const CUSTOM_SLUG = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

interface ProtocolFacts {
  /** Path of a generation, behind the base. */
  readonly path: string;
  /** Path of the model list, behind the base. */
  readonly list: string;
  readonly auth: AuthHeader;
  readonly headers?: Readonly<Record<string, string>>;
}

const PROTOCOLS: Readonly<Record<CustomProtocol, ProtocolFacts>> = {
  OPENAI_CHAT: { path: '/chat/completions', list: '/models', auth: 'bearer' },
  OPENAI_RESPONSES: { path: '/responses', list: '/models', auth: 'bearer' },
  ANTHROPIC_MESSAGES: {
    path: '/messages',
    list: '/models?limit=1000',
    auth: 'x-api-key',
    headers: { 'anthropic-version': '2023-06-01' },
  },
};

/** The definition that a description stands for. */
export function customDefinition(described: CustomProvider): ProviderDefinition {
  return {
    slug: described.slug,
    name: described.name,
    aliases: [],
    kind: 'CUSTOM',
    consoleUrl: null,
    offerings: [customOffering(described)],
  };
}

/**
 * The URL that a format's own paths are added to. Both customs are served: a base as SDKs take it, and a bare host. So a
 * bare host gets `/v1`; a base with a path is taken as it is, because `/openai/v1` and `/api/paas/v4` say where they end.
 * Only Anthropic's SDKs add `/v1` to whatever base they get, and so do we unless it ends in a version already.
 */
export function apiBase(protocol: CustomProtocol, baseUrl: string): string {
  const { origin, pathname } = new URL(baseUrl);
  const path = pathname.replace(/\/+$/, '');
  const complete = protocol === 'ANTHROPIC_MESSAGES' ? /\/v\d+[a-z0-9]*$/.test(path) : path !== '';
  return origin + path + (complete ? '' : '/v1');
}

function customOffering(described: CustomProvider): OfferingDefinition {
  const { protocol, billing, credential, baseUrl } = described;
  const { path, auth } = PROTOCOLS[protocol];
  const base = apiBase(protocol, baseUrl);
  const endpoint: Endpoint = { protocol, url: base + path, auth };
  return {
    code: CUSTOM_OFFERING,
    name: described.name,
    billing,
    credential,
    secretHint: null,
    foreignSecrets: [],
    termsNotice: null,
    plans: [],
    regions: [],
    endpoints: [endpoint],
    ownBase: {
      url: baseUrl,
      rebase: (url, other) => apiBase(protocol, other) + url.slice(base.length),
    },
    models: modelSource(described, base),
    verify: [verifyProbe(described, base)],
    reportsQuota: false,
    // A name says nothing about what an unknown server makes of it, let alone what it charges.
    catalog: { facts: [], prices: [] },
    failures: [],
    sessionHeader: null,
  };
}

/** A provider that is not asked for its models may have no list: there, any answer but a refusal of the key will do. */
function verifyProbe({ protocol, liveCatalog }: CustomProvider, base: string): VerifyProbe {
  const probe = listProbe(protocol, base);
  return liveCatalog ? probe : { ...probe, toleratedClasses: ['MODEL_NOT_FOUND', 'INVALID_REQUEST'] };
}

function listProbe(protocol: CustomProtocol, base: string): Probe {
  const { list, auth, headers } = PROTOCOLS[protocol];
  return { url: base + list, auth, ...(headers && { headers }) };
}

function modelSource({ protocol, liveCatalog, models }: CustomProvider, base: string): ModelSource {
  const described = new Map(models.map((model) => [model.upstreamId, listedModel(model)]));
  if (!liveCatalog) return { kind: 'curated', models: [...described.values()] };
  const list = listProbe(protocol, base);
  const nextPage = (body: unknown): string | null => nextPageOf(body, list.url);
  const parseList = parseModelList((entry) => ({ ...statedModel(entry), ...described.get(entry.id) }));
  return {
    kind: 'live',
    ...list,
    parse: (body) => {
      const listed = parseList(body);
      // An empty list is a failure, whatever the operator knows of; what only the operator knows of ends the last page.
      return listed.length === 0 || nextPage(body) !== null ? listed : [...listed, ...described.values()];
    },
    nextPage,
  };
}

/** Facts that lists of compatible servers are known to state, under each of their names. */
function statedModel(entry: ListEntry): ListedModel {
  return {
    upstreamId: entry.id,
    ...known({
      displayName: entry.text('display_name') ?? entry.text('name'),
      contextWindow:
        entry.count('context_length') ?? entry.count('context_window') ?? entry.count('max_model_len'),
      maxOutputTokens:
        entry.count('max_output_tokens') ??
        entry.count('max_completion_tokens') ??
        entry.count('max_output_length'),
    }),
  };
}

function listedModel(model: CustomModel): ListedModel {
  return {
    upstreamId: model.upstreamId,
    ...known({
      displayName: model.displayName ?? undefined,
      contextWindow: model.contextWindow ?? undefined,
      maxOutputTokens: model.maxOutputTokens ?? undefined,
      capabilities: model.capabilities ?? undefined,
      prices: model.listPrice === null ? undefined : pricesOf(model.listPrice),
    }),
  };
}

function pricesOf(price: CustomPrice): TokenPrices | undefined {
  const input = parseUsd(price.input);
  const output = parseUsd(price.output);
  if (input === null || output === null) return undefined;
  return {
    input,
    output,
    cacheRead: price.cacheRead === null ? null : parseUsd(price.cacheRead),
    cacheWrite: price.cacheWrite === null ? null : parseUsd(price.cacheWrite),
  };
}

/** Lists of Anthropic's form come in pages, each naming its last entry; the others come whole. */
function nextPageOf(body: unknown, listUrl: string): string | null {
  if (!isFields(body) || body['has_more'] !== true || typeof body['last_id'] !== 'string') return null;
  const next = new URL(listUrl);
  next.searchParams.set('after_id', body['last_id']);
  return next.href;
}

/** Whether a format is one that custom providers can be described in. */
export function isCustomProtocol(protocol: WireProtocol): protocol is CustomProtocol {
  return CUSTOM_PROTOCOLS.some((known) => known === protocol);
}
