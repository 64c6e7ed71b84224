/** The call to a provider that a route stands for: address, credential, headers. */
import type { IncomingHttpHeaders } from 'node:http';
import { AppError } from '../domain/errors.js';
import type { WireProtocol } from '../domain/vocabulary.js';
import { credentialHeader } from '../providers/credential-header.js';
import { addressOf, callUrl } from '../providers/urls.js';
import type { PlannedRoute } from '../routing/plan.js';
import type { RouteEntry } from '../routing/table.js';
import { connectionSecretBinding } from '../secrets/connection-secret.js';
import type { Vault } from '../secrets/vault.js';

export interface ProviderCall {
  readonly origin: string;
  readonly path: string;
  readonly headers: Record<string, string>;
  /** What is in one of the headers, to be kept out of what is said about the call; null for none. */
  readonly secret: string | null;
}

export interface ProviderCallBuilder {
  build(planned: PlannedRoute, request: CallSource): ProviderCall;
}

/** What a route is called for. */
export type CallPurpose = 'generation' | 'count-tokens';

/** What of the caller's request the provider's needs. */
export interface CallSource {
  readonly headers: IncomingHttpHeaders;
  /** The format the caller speaks. */
  readonly spoken: WireProtocol;
  readonly purpose: CallPurpose;
  readonly stream: boolean;
  /** The conversation the request belongs to. */
  readonly conversation: () => string;
}

/** What a connection of one format is called with, whatever the request: computed once a snapshot. */
interface Address {
  readonly origin: string;
  readonly path: string;
  readonly auth: Readonly<Record<string, string>>;
  readonly secret: string | null;
}

/** Ours, or about this hop only, or about where the caller sits: none of a provider's business. */
const NOT_FORWARDED = new Set([
  'host',
  'connection',
  'keep-alive',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'expect',
  'content-length',
  'content-encoding',
  'authorization',
  'x-api-key',
  'api-key',
  'x-goog-api-key',
  'cookie',
  'accept-encoding',
  'forwarded',
  'via',
  'x-real-ip',
  'x-request-id',
  'traceparent',
  'tracestate',
]);
const NOT_FORWARDED_PREFIXES = ['x-forwarded-', 'x-switchyard-', 'cf-', 'sec-'];

const OWN_USER_AGENT = 'switchyard';
// What Anthropic's format demands of whoever calls it without an SDK.
const ANTHROPIC_VERSION = '2023-06-01';
/** How headers begin that belong to a format: extensions of it, and accounts at who made it. */
const FORMAT_HEADERS: Readonly<Record<WireProtocol, string>> = {
  OPENAI_CHAT: 'openai-',
  OPENAI_RESPONSES: 'openai-',
  ANTHROPIC_MESSAGES: 'anthropic-',
  GEMINI: 'x-goog-',
  OPENAI_EMBEDDINGS: 'openai-',
};

export function createProviderCallBuilder(vault: Vault): ProviderCallBuilder {
  // Entries live as long as the routing table they come from.
  const addresses = new WeakMap<RouteEntry, Map<string, Address>>();
  const addressFor = (planned: PlannedRoute, source: CallSource): Address => {
    const key = `${planned.protocol} ${source.purpose} ${source.stream}`;
    let known = addresses.get(planned.route);
    if (!known) addresses.set(planned.route, (known = new Map()));
    let address = known.get(key);
    if (!address) known.set(key, (address = resolveAddress(planned, source, vault)));
    return address;
  };
  return {
    build(planned, source) {
      const { route, protocol } = planned;
      const address = addressFor(planned, source);
      const headers = forwardedHeaders(source.headers);
      if (source.spoken !== protocol) dropFormatHeaders(headers, protocol);
      headers['content-type'] = 'application/json';
      // Usage can only be read from bytes that are not compressed.
      headers['accept-encoding'] = 'identity';
      headers['user-agent'] ??= OWN_USER_AGENT;
      if (protocol === 'ANTHROPIC_MESSAGES') headers['anthropic-version'] ??= ANTHROPIC_VERSION;
      const { sessionHeader } = route.offering;
      if (sessionHeader !== null) headers[sessionHeader] = source.conversation();
      const { origin, path, secret, auth } = address;
      return { origin, path, secret, headers: Object.assign(headers, auth) };
    },
  };
}

function resolveAddress(
  { route, protocol }: PlannedRoute,
  { purpose, stream }: CallSource,
  vault: Vault,
): Address {
  const { connection, offering, workspaceId, model } = route;
  const endpoint = offering.endpoints.find((candidate) => candidate.protocol === protocol);
  const own = purpose === 'count-tokens' ? offering.countTokensUrl : endpoint?.url;
  if (!endpoint || own === undefined)
    throw new AppError('PROTOCOL_UNSUPPORTED', `${model.ref} cannot be called in this format.`);
  const { upstreamId } = model;
  const url = new URL(callUrl(addressOf(offering, own, connection), { upstreamId, stream }));
  const secret =
    connection.secret === null
      ? null
      : vault.open(connection.secret, connectionSecretBinding(workspaceId, connection.id));
  return {
    origin: url.origin,
    path: url.pathname + url.search,
    auth: secret === null ? {} : credentialHeader(endpoint.auth, secret),
    secret,
  };
}

/** Takes out what belongs to another format than the provider's: it would mean nothing there, or something else. */
function dropFormatHeaders(headers: Record<string, string>, protocol: WireProtocol): void {
  const foreign = Object.values(FORMAT_HEADERS).filter((prefix) => prefix !== FORMAT_HEADERS[protocol]);
  for (const name of Object.keys(headers)) {
    if (foreign.some((prefix) => name.startsWith(prefix))) delete headers[name];
  }
}

function forwardedHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  const forwarded: Record<string, string> = {};
  // A `connection` header may name further headers that belong to this hop only.
  const hopByHop = headers.connection?.toLowerCase() ?? '';
  for (const name in headers) {
    const value = headers[name];
    if (value === undefined || NOT_FORWARDED.has(name)) continue;
    if (NOT_FORWARDED_PREFIXES.some((prefix) => name.startsWith(prefix))) continue;
    if (hopByHop.length > 10 && hopByHop.split(/\s*,\s*/).includes(name)) continue;
    forwarded[name] = typeof value === 'string' ? value : value.join(', ');
  }
  return forwarded;
}
