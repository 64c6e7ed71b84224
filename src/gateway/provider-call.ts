/** The call to a provider that a route stands for: address, credential, headers. */
import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { AppError } from '../domain/errors.js';
import type { WireProtocol } from '../domain/vocabulary.js';
import { parseSpan, scanElements, scanMembers, type JsonMembers } from '../protocols/json-scan.js';
import { credentialHeader } from '../providers/credential-header.js';
import { addressOf } from '../providers/urls.js';
import type { RouteEntry } from '../routing/table.js';
import { connectionSecretBinding } from '../secrets/connection-secret.js';
import type { Vault } from '../secrets/vault.js';

export interface ProviderCall {
  readonly origin: string;
  readonly path: string;
  readonly headers: Record<string, string>;
}

export interface ProviderCallBuilder {
  build(route: RouteEntry, protocol: WireProtocol, request: CallerRequest): ProviderCall;
}

/** What of the caller's request the provider's needs. */
export interface CallerRequest {
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly members: JsonMembers;
}

/** What a connection of one format is called with, whatever the request: computed once a snapshot. */
interface Target {
  readonly origin: string;
  readonly path: string;
  readonly auth: Readonly<Record<string, string>>;
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
/** Where clients say which conversation a request belongs to. */
const SESSION_HEADERS = [
  'x-opencode-session',
  'x-session-id',
  'x-claude-code-session-id',
  'session-id',
  'x-session-affinity',
];

/** What may stand in a header as it is. */
const HEADER_VALUE = /^[\x21-\x7e]{1,256}$/;

export function createProviderCallBuilder(vault: Vault): ProviderCallBuilder {
  // Entries live as long as the routing table they come from.
  const targets = new WeakMap<RouteEntry, Map<WireProtocol, Target>>();
  const targetOf = (route: RouteEntry, protocol: WireProtocol): Target => {
    let byProtocol = targets.get(route);
    if (!byProtocol) targets.set(route, (byProtocol = new Map()));
    let target = byProtocol.get(protocol);
    if (!target) byProtocol.set(protocol, (target = resolveTarget(route, protocol, vault)));
    return target;
  };
  return {
    build(route, protocol, request) {
      const target = targetOf(route, protocol);
      const headers = forwardedHeaders(request.headers);
      headers['content-type'] = 'application/json';
      // Usage can only be read from bytes that are not compressed.
      headers['accept-encoding'] = 'identity';
      headers['user-agent'] ??= OWN_USER_AGENT;
      if (protocol === 'ANTHROPIC_MESSAGES') headers['anthropic-version'] ??= ANTHROPIC_VERSION;
      const { sessionHeader } = route.offering;
      if (sessionHeader !== null) headers[sessionHeader] = sessionOf(request);
      return { origin: target.origin, path: target.path, headers: Object.assign(headers, target.auth) };
    },
  };
}

function resolveTarget(route: RouteEntry, protocol: WireProtocol, vault: Vault): Target {
  const { connection, offering, workspaceId } = route;
  const endpoint = offering.endpoints.find((candidate) => candidate.protocol === protocol);
  if (!endpoint) {
    throw new AppError('PROTOCOL_UNSUPPORTED', `${route.model.ref} cannot be called in this format.`);
  }
  const url = new URL(addressOf(offering, endpoint.url, connection));
  const secret =
    connection.secret === null
      ? null
      : vault.open(connection.secret, connectionSecretBinding(workspaceId, connection.id));
  return {
    origin: url.origin,
    path: url.pathname + url.search,
    auth: secret === null ? {} : credentialHeader(endpoint.auth, secret),
  };
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

/**
 * A value that stays the same over a conversation: the client's own, else what its request names, else a hash of how the
 * conversation opens. A fresh one for each request would scatter it over a provider's caches.
 */
function sessionOf(request: CallerRequest): string {
  for (const name of SESSION_HEADERS) {
    const value = request.headers[name];
    if (typeof value === 'string' && value !== '') return value;
  }
  const { body, members } = request;
  const named = members.values.get('prompt_cache_key');
  const key = named === undefined ? null : parseSpan(body, named);
  if (typeof key === 'string' && HEADER_VALUE.test(key)) return key;
  return `sy-${openingHash(body, members)}`;
}

/** Hash over everything up to the first message of the user: the part that every request of a conversation repeats. */
function openingHash(body: Buffer, members: JsonMembers): string {
  const hash = createHash('sha256');
  const system = members.values.get('system');
  if (system) hash.update(body.subarray(system.start, system.end));
  const messages = members.values.get('messages');
  if (messages) {
    scanElements(body, messages.start, (element) => {
      hash.update(body.subarray(element.start, element.end));
      const role =
        body[element.start] === 0x7b ? scanMembers(body, element.start).values.get('role') : undefined;
      return role === undefined || parseSpan(body, role) !== 'user';
    });
  }
  return hash.digest('base64url').slice(0, 32);
}
